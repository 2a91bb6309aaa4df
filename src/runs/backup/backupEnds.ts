import type { BackupDestination, BackupEnd } from './plan.ts'

/** The ends of a backup at its destinations, each told as soon as it comes. */
export class BackupEnds {
  readonly #ends = new Map<string, BackupEnd>()
  readonly #onEnd: ((end: BackupEnd) => void) | undefined

  constructor(onEnd: ((end: BackupEnd) => void) | undefined) {
    this.#onEnd = onEnd
  }

  readonly tell = (end: BackupEnd): void => {
    this.#ends.set(end.destination, end)
    this.#onEnd?.(end)
  }

  has({ name }: BackupDestination): boolean {
    return this.#ends.has(name)
  }

  /** Those that have come, in the order of the destinations. */
  of(destinations: readonly BackupDestination[]): BackupEnd[] {
    return destinations.flatMap(({ name }) => this.#ends.get(name) ?? [])
  }
}
