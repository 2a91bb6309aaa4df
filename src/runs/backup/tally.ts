import type { Changes } from '../../vault/record.ts'

export const problemKinds = ['unreadable', 'unstable', 'mismatched', 'missing', 'skipped'] as const
export type ProblemKind = (typeof problemKinds)[number]

/** How many examples of a problem are kept by name; the rest is counted. */
const examplesKept = 100

/** Counts what a run does, and keeps examples of what went wrong. Bounded, however many files there are. */
export class Tally {
  readonly changes: Changes = {
    added: 0,
    changed: 0,
    archived: 0,
    storedContents: 0,
    storedBytes: 0,
    unreadable: 0,
    unstable: 0,
    deferred: 0,
  }
  /** Originals whose SHA-1 is not the one that Immich wrote down. */
  mismatched = 0
  /** Sockets, devices, other file systems. */
  skipped = 0
  readonly examples: { kind: ProblemKind; path: string; reason: string }[] = []

  /** Counts what others have done for this run. */
  takeOver({ changes, mismatched }: { changes: Partial<Changes>; mismatched: number }): void {
    Object.assign(this.changes, changes)
    this.mismatched += mismatched
  }

  /** Another walk finds anew what an earlier one could not read or left out. */
  beginWalk(): void {
    Object.assign(this.changes, { unreadable: 0, unstable: 0, deferred: 0 })
    this.skipped = 0
    const kept = this.examples.filter(({ kind }) => kind === 'mismatched' || kind === 'missing')
    this.examples.splice(0, this.examples.length, ...kept)
  }

  problem(kind: ProblemKind, path: string, reason: string): void {
    if (kind === 'unreadable' || kind === 'unstable') this.changes[kind] += 1
    if (kind === 'mismatched') this.mismatched += 1
    if (kind === 'skipped') this.skipped += 1
    if (this.examples.filter((example) => example.kind === kind).length < examplesKept) {
      this.examples.push({ kind, path, reason })
    }
  }
}
