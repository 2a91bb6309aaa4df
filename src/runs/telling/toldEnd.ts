import type { EventKind, SnapshotFacts } from '../../notify/event.ts'
import { snapshotLine, under } from '../../notify/messages/words.ts'
import { exitCodes } from '../../shared/errors.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'
import type { BackupEnd, BackupResult } from '../backup/plan.ts'
import { tellableError, type TellableError } from './tellableError.ts'

/** How the backup to a destination ended, as far as people are told of it. */
export type ToldEnd = MadeEnd | FailedEnd

/** There is a new snapshot. */
export interface MadeEnd {
  destination: string
  outcome: 'made'
  result: BackupResult
  record: SnapshotRecord
  expectEveryMs: number
  /** When the snapshot before it was made, where that is known. */
  previous: Date | undefined
  /** This machine had seen an earlier one. */
  isRemembered: boolean
  /** A person should look at it. */
  isPartial: boolean
}

/** There is none. */
export interface FailedEnd extends TellableError {
  destination: string
  outcome: 'failed'
  expectEveryMs: number
  lastGood: Date | undefined
}

/** What is known of a destination besides. */
export interface KnownDestination {
  expectEveryMs: number
  /** When the newest good snapshot was made that this machine had seen before the run. */
  lastGood: Date | undefined
}

/** @returns undefined for what nobody needs to be told, as a dry run. */
export function toldEnd(
  { destination, result, error }: BackupEnd,
  { expectEveryMs, lastGood }: KnownDestination,
): ToldEnd | undefined {
  if (!result) {
    const tellable = tellableError(error)
    return tellable && { destination, outcome: 'failed', expectEveryMs, lastGood, ...tellable }
  }
  const { snapshot, exitCode, previous } = result
  if (!snapshot) return undefined
  return {
    destination,
    outcome: 'made',
    result,
    record: snapshot.record,
    expectEveryMs,
    previous: previous ?? lastGood,
    isRemembered: lastGood !== undefined,
    isPartial: exitCode === exitCodes.partial,
  }
}

/** A snapshot as messages speak of it. */
export function snapshotFacts(record: SnapshotRecord): SnapshotFacts {
  const { created, counts } = record
  return { name: recordName(record), created: new Date(created), files: counts.files, bytes: counts.bytes }
}

/** What happened at these destinations, good news apart. */
export function kindsOf(ends: readonly ToldEnd[]): EventKind[] {
  const kinds = ends.map((end): EventKind | undefined => {
    if (end.outcome === 'failed') return 'failure'
    if (end.record.sharpDrop) return 'sharp-drop'
    return end.isPartial ? 'partial' : undefined
  })
  return kinds.filter((kind) => kind !== undefined)
}

/** An end in one line, or a few. */
export function lineOf(end: ToldEnd): string {
  return under(
    end.destination,
    end.outcome === 'failed' ? end.message : snapshotLine(snapshotFacts(end.record)),
  )
}
