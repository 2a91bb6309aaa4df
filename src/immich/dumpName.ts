/* How dumps are called: in the vault, and for Immich's own restore. */
import { UserError } from '../shared/errors.ts'

export interface DumpLabel {
  /** The moment of the snapshot. */
  time: Date
  /** `3.1.0` */
  immichVersion: string
  /** `14.19` */
  postgresVersion: string
}

const safeVersion = /^[\w.]+(?:-[\w.]+)*$/

/** `20260720T020000Z-immich-v3.1.0-pg14.19-<runId>.sql.gz` @throws UserError for a version that no file name can hold. */
export function dumpName(label: DumpLabel, runId: string): string {
  checkVersions(label)
  return `${compactTime(label.time)}Z-immich-v${label.immichVersion}-pg${label.postgresVersion}-${runId}.sql.gz`
}

/**
 * A name in `backups/` under which Immich's own restore takes the dump and its retention leaves it alone:
 * `uploaded-immich-db-backup-20260720T020000-v3.1.0-pg14.19.sql.gz`, in UTC.
 *
 * Immich reads the version with the greedy `/-v(.*)-/`, so no dash follows `-pg`; and what says 2.4 or less it takes for
 * a `pg_dumpall` of the whole cluster and loads into another database. Ours is none, so there the version is written in
 * a way that it does not see, and Immich shows it as unknown.
 * @throws UserError for a version that no file name can hold.
 */
export function immichRestoreName(label: DumpLabel): string {
  checkVersions(label)
  const { time, immichVersion, postgresVersion } = label
  const version = namedLikeClusterDump(immichVersion) ? `immich${immichVersion}` : `v${immichVersion}`
  return `uploaded-immich-db-backup-${compactTime(time)}-${version}-pg${postgresVersion.replaceAll('-', '.')}.sql.gz`
}

function namedLikeClusterDump(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 2 || (major === 2 && minor <= 4)
}

function checkVersions({ immichVersion, postgresVersion }: DumpLabel): void {
  for (const version of [immichVersion, postgresVersion]) {
    if (!safeVersion.test(version)) throw new UserError(`${JSON.stringify(version)} is not a version`)
  }
}

/** `20260720T020000` in UTC. */
function compactTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}Z$/g, '')
}
