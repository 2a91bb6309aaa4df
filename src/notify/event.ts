/** What can be told, by the names that `on` in the configuration has. */
export const eventKinds = [
  'failure',
  'partial',
  'recovery',
  'overdue',
  'sharp-drop',
  'verification-failure',
  'first-success',
  'digest',
] as const
export type EventKind = (typeof eventKinds)[number]

/** A snapshot, as far as messages speak of it. */
export interface SnapshotFacts {
  /** `7-0123456789abcdef` */
  name: string
  created: Date
  files: number
  /** Of the files, not of what is stored. */
  bytes: number
}

/** Something that happened to the backups of one host. */
export type Event = EventOf<EventKind>

/** An event of one kind. */
export type EventOf<K extends EventKind> = Extract<
  | FailureEvent
  | PartialEvent
  | RecoveryEvent
  | OverdueEvent
  | SharpDropEvent
  | VerificationFailureEvent
  | FirstSuccessEvent
  | DigestEvent,
  { kind: K }
>

interface Occasion {
  host: string
  now: Date
}

/** There is no new snapshot. */
interface FailureEvent extends Occasion {
  kind: 'failure'
  failed: {
    destination: string
    /** For people; without a stack. */
    message: string
    hint: string | undefined
    /** When the last good backup there was made, where this machine knows of one. */
    lastGood: Date | undefined
    /** Its vault is gone, hides snapshots, or is not opened: nobody knows what is left there. */
    isInDoubt: boolean
  }[]
  /** Destinations that have a new snapshot of the same run. */
  good: string[]
}

/** There is a new snapshot, but something in it is not as it should be. */
interface PartialEvent extends Occasion {
  kind: 'partial'
  destinations: { destination: string; snapshot: SnapshotFacts; warnings: string[] }[]
}

/** What had failed, or was overdue, is good again. */
interface RecoveryEvent extends Occasion {
  kind: 'recovery'
  what: 'backup' | 'verification'
  destinations: {
    destination: string
    /** The newest, where there is one to tell of. */
    snapshot: SnapshotFacts | undefined
    /** Since when it had not been good. */
    since: Date
  }[]
}

/** Nothing has failed, as far as anybody knows; but there should be a newer backup. */
interface OverdueEvent extends Occasion {
  kind: 'overdue'
  destinations: {
    destination: string
    /** Undefined: there was never one, or that can't be seen. */
    lastGood: Date | undefined
    expectEveryMs: number
    /** Why its vault can't be looked at, where it can't. */
    unreachable?: string | undefined
  }[]
}

/** There is a new snapshot, in which much is missing that was in the one before. */
interface SharpDropEvent extends Occasion {
  kind: 'sharp-drop'
  destinations: {
    destination: string
    snapshot: SnapshotFacts
    /** The snapshot that has what is missing now. */
    before: string | undefined
    warnings: string[]
  }[]
}

/** A vault was verified, or should have been, and not all was good. */
interface VerificationFailureEvent extends Occasion {
  kind: 'verification-failure'
  destination: string
  problem: VerificationProblem
}

export type VerificationProblem =
  | { kind: 'damaged'; findings: number; paths: number; statement: string }
  | { kind: 'incomplete'; findings: number; statement: string }
  | { kind: 'failed'; message: string; hint: string | undefined }

/** The vault of a destination has its first snapshot of this host. */
interface FirstSuccessEvent extends Occasion {
  kind: 'first-success'
  destinations: { destination: string; snapshot: SnapshotFacts; immich: string | undefined }[]
}

/** How things stand, once a week. */
interface DigestEvent extends Occasion {
  kind: 'digest'
  destinations: {
    destination: string
    /** The newest good backup. */
    snapshot: SnapshotFacts | undefined
    /** Whether its vault was looked at: else a newer one may be there. */
    isSeen: boolean
    /** What a person should look at. */
    problems: string[]
    /** `every object was read back since 2026-08-01` */
    coverage: string | undefined
  }[]
}
