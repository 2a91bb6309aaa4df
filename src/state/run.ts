import type { ExitCode } from '../shared/errors.ts'
import type { Pulse } from './liveness.ts'

export type RunState = 'RUNNING' | 'COMPLETED' | 'INTERRUPTED' | 'FAILED'
export type JobState = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'INTERRUPTED' | 'FAILED'

/** Which job of a run: one source to one destination. */
export interface JobName {
  destination: string
  /** `database`, or the source's path in the vault's tree: `library`, `sources/dam`. */
  source: string
}

/** How far a job is. Bytes are of plaintext. */
export interface JobProgress {
  /** What was found to do so far; 0 as long as nobody has looked. */
  filesTotal: number
  filesDone: number
  bytesTotal: number
  bytesDone: number
  error: string | null
  /** How often it was begun again within the run. */
  retries: number
}

export interface Job extends JobName, JobProgress {
  /** The order of the sources: lower numbers come first. */
  priority: number
  state: JobState
  /** Bytes per second, between the last two times that it was written down. */
  speed: number
  /** When it was begun last. */
  started: Date | null
  completed: Date | null
  updated: Date
}

/** How a run ended at one destination. */
export interface RunResult {
  destination: string
  ended: Date
  exitCode: number
  /** Name of the snapshot that was committed. */
  snapshot: string | null
  /** Why there is none. */
  error: string | null
}

/** A backup, as this machine remembers it. */
export interface Run extends Pulse {
  id: number
  /** Name and version of the program. */
  program: string
  /** For a person to find it: nothing is concluded from it. */
  pid: number
  /** As it was written down. One that is RUNNING may be stale: see liveness.ts. */
  state: RunState
  started: Date
  ended: Date | null
  exitCode: ExitCode | null
  /** By destination, then by priority. */
  jobs: Job[]
  /** Of the destinations where it has ended. */
  results: RunResult[]
}
