import type { Secret } from './secret.ts'
import type { DriveDestination } from './destinations/drive.ts'
import type { GcsDestination } from './destinations/gcs.ts'
import type { LocalDestination } from './destinations/local.ts'
import type { RcloneDestination } from './destinations/rclone.ts'
import type { S3Destination } from './destinations/s3.ts'
import type { SftpDestination } from './destinations/sftp.ts'
import type { NotifyChannel } from './notify.ts'
import type { FileSettings } from './schema.ts'

/** A valid configuration: paths absolute, defaults filled in, references followed. Deeply frozen. */
export interface Config extends Pick<
  FileSettings,
  | 'host'
  | 'include'
  | 'sources'
  | 'ignore'
  | 'oneFileSystem'
  | 'immichVersion'
  | 'immichServer'
  | 'compare'
  | 'recovery'
  | 'writeOnly'
  | 'expectEvery'
  | 'metrics'
  | 'limits'
  | 'prices'
> {
  /** Absolute path of the configuration file; undefined when everything came from the environment. */
  file: string | undefined
  /** Absolute path of Immich's media root. */
  library: string | undefined
  /** False: the owner wants none backed up. Undefined: nothing says where it is. */
  database: DatabaseReferences | false | undefined
  /** Absolute path of the folder for what this machine remembers. */
  state: string
  /** Seconds between two times that a run's progress is written down. */
  statsInterval: number
  /** How often a destination that failed is tried again within a run. */
  maxRetries: number
  identity: Secret | undefined
  passphrase: Secret | undefined
  /** Who is told how backups are doing. */
  notify: NotifyChannel[]
  destinations: Destination[]
  /** Where each value came from, by field: `file:line`, or a variable. A field that is not here has its default. */
  origins: Record<string, string>
}

/** How Immich's database is reached; {@link file://./database.ts} makes settings of it. */
export interface DatabaseReferences {
  url: Secret | undefined
  /** Immich's own variables, by name without `_FILE`. They count where there is no `url`. */
  variables: Partial<Record<string, Secret>>
  /** Where the server is reached from here, where that is another place than the variables say. */
  host: string | undefined
  port: number | undefined
  ca: Secret | undefined
}

/** A place that keeps backups. Its `vault` is what `init` pinned, also when that stands at the top of the file. */
export type Destination =
  LocalDestination | S3Destination | RcloneDestination | GcsDestination | SftpDestination | DriveDestination
