/** What a person may want to look at before it is backed up. */
const oddityKinds = ['sizeOnly', 'original', 'metadataOnly', 'empty', 'future'] as const

/**
 * `sizeOnly`: changed content, and not its time. `original`: an original that Immich never changes. `metadataOnly`: same
 * size and time, and yet not as it was; whether its content is, only reading tells. `empty`: no bytes. `future`: a time
 * that has not come.
 */
export type OddityKind = (typeof oddityKinds)[number]

export interface Oddity {
  kind: OddityKind
  files: number
  bytes: number
  /** Some of their paths in the vault's tree. */
  examples: string[]
}

const examplesKept = 3

export class Oddities {
  readonly #found = new Map<OddityKind, Oddity>()

  add(kind: OddityKind, path: string, size: number): void {
    const oddity = this.#found.get(kind) ?? { kind, files: 0, bytes: 0, examples: [] }
    this.#found.set(kind, oddity)
    oddity.files += 1
    oddity.bytes += size
    if (oddity.examples.length < examplesKept) oddity.examples.push(path)
  }

  /** The gravest first. */
  get list(): Oddity[] {
    return oddityKinds.flatMap((kind) => this.#found.get(kind) ?? [])
  }
}
