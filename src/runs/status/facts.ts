import type { Run } from '../../state/run.ts'
import type { SnapshotRecord } from '../../vault/record.ts'
import type { RunReport } from '../backup/runReport.ts'
import type { DamagedRecord } from '../readableRecords.ts'
import type { VerificationDocument } from '../verify/document.ts'

/** What was found out about a destination; {@link file://./destinationStatus.ts} judges it. */
export interface DestinationFacts {
  destination: string
  /** How old the last good backup may be, in milliseconds. */
  expectEveryMs: number
  /** Whether each backup is to have a dump of the database. */
  wantsDatabase: boolean
  /** What its vault tells; undefined when it could not be looked at. */
  vault: VaultFacts | undefined
  /** Why it could not. */
  unreachable: Trouble | undefined
  /** The newest record that this machine has seen there. */
  remembered: SnapshotRecord | undefined
  /** The runs that this machine remembers, newest first; none where another one takes the backups. */
  runs: readonly KnownRun[]
  /** Why this machine can't say what it remembers. */
  stateProblem: string | undefined
}

/** A run of this machine; one that says that it runs may be dead. */
export interface KnownRun extends Run {
  isLive: boolean
}

/** What is wrong, and what to do about it. */
export interface Trouble {
  /** For people. */
  message: string
  hint: string | undefined
}

/** What the vault tells of the backups of one host. */
export interface VaultFacts {
  /** Where it lies, for people. */
  location: string
  lastGood: SnapshotRecord | undefined
  /** The newest record, where it is a checkpoint after the last good backup. */
  checkpoint: SnapshotRecord | undefined
  damagedRecords: readonly DamagedRecord[]
  /** Set when the vault does not show a record that this machine remembers: what to say of it. */
  hidden: Trouble | undefined
  /** Of the runs since the last good backup began, newest first; its own is the last one. */
  reports: readonly RunReport[]
  verification: VerificationDocument | undefined
  /** What these credentials may not read, for people. */
  denied: readonly string[]
}

export const reportsDenied = 'the reports of runs'
export const verificationsDenied = 'verifications'
