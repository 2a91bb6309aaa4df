import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'
import type { DatabaseSettings, TlsSettings } from './settings.ts'

export const connectTimeoutSeconds = 15
export const applicationName = 'safelight'
/** For a tool's `--dbname`; all else comes by the environment. A server that vanished is noticed within a minute. */
export const keepAlive = 'keepalives_idle=30 keepalives_interval=10 keepalives_count=3'

/**
 * The whole environment for a libpq tool (`pg_dump`, `psql`). Nothing secret goes into its arguments, which every user
 * of the machine may read, and nothing of this process's own environment or home (`~/.pgpass`, `~/.psqlrc`,
 * `~/.postgresql`) reaches it.
 * @param folder private to this call, and kept until the tool has ended; the authorities to trust are written there.
 */
export async function libpqEnvironment(
  settings: DatabaseSettings,
  folder: string,
): Promise<Record<string, string>> {
  return {
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: String(connectTimeoutSeconds),
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGDATABASE: settings.database,
    PGGSSENCMODE: 'disable',
    PGSSLMODE: settings.tls.mode,
    ...(settings.password === undefined ? {} : { PGPASSWORD: settings.password }),
    ...(await authorities(settings.tls, folder)),
  }
}

async function authorities(tls: TlsSettings, folder: string): Promise<Record<string, string>> {
  if (tls.mode !== 'verify-ca' && tls.mode !== 'verify-full') return {}
  // Older libpq has no word for "the authorities of this machine", and Node's may differ: both get the same list.
  const file = join(folder, 'authorities.pem')
  await writeFile(file, tls.ca ?? getCACertificates('default').join('\n'), { mode: 0o600, flag: 'wx' })
  return { PGSSLROOTCERT: file }
}
