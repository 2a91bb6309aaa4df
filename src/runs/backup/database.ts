import { encryptStream } from '../../crypto/envelope.ts'
import { readCatalogue } from '../../immich/catalogue.ts'
import { readCounts, type ImmichCounts } from '../../immich/counts.ts'
import { dumpDatabase } from '../../immich/dump.ts'
import { dumpName } from '../../immich/dumpName.ts'
import { readMediaRoot } from '../../immich/mediaRoot.ts'
import { readSchema } from '../../immich/schema.ts'
import type { DatabaseSettings } from '../../immich/settings.ts'
import { openDatabaseSnapshot, type DatabaseSnapshot } from '../../immich/snapshot.ts'
import {
  chooseImmichVersion,
  readImmichVersion,
  readPostgresVersion,
  type ImmichVersion,
} from '../../immich/versions.ts'
import { databasePrefix, objectContext } from '../../vault/layout.ts'
import { createObjectFromStream } from '../../vault/objects.ts'
import type { StoredDump } from '../../vault/record.ts'
import type { Vault } from '../../vault/vault.ts'
import type { RunKey } from './runKey.ts'
import { joinPath, type FolderSource } from './source.ts'
import type { ExpectedFile, WorkList } from './workList.ts'

/** Where the database is and what else tells Immich's version. */
export interface DatabaseSource {
  settings: DatabaseSettings
  serverUrl: string | undefined
  configuredVersion: string | undefined
}

/** What the database said, at one moment, and the dump of that same moment. */
export interface DatabaseState {
  immich: ImmichVersion
  postgres: { version: string }
  counts: ImmichCounts
  dump: StoredDump
  warnings: string[]
}

const rowsPerWrite = 5000

/**
 * Reads Immich's version and the files that it names, and dumps the database, all as of one exported snapshot. The
 * transaction ends with the dump.
 * @throws UserError when the database cannot be read or dumped; then no dump lies in the vault under any name.
 */
export async function backUpDatabase(
  source: DatabaseSource,
  target: {
    vault: Vault
    key: RunKey
    work: WorkList
    sources: readonly FolderSource[]
    runId: string
    now: () => Date
  },
  signal: AbortSignal,
): Promise<DatabaseState> {
  await using snapshot = await openDatabaseSnapshot(source.settings, signal)
  const taken = target.now()
  const { session } = snapshot
  const schema = await readSchema(session)
  const postgres = await readPostgresVersion(session)
  const immich = await chooseImmichVersion(
    {
      database: await readImmichVersion(session, schema),
      serverUrl: source.serverUrl,
      configured: source.configuredVersion,
    },
    signal,
  )
  const counts = await readCounts(session, schema)
  const mediaRoot = await readMediaRoot(session, schema)
  const outside = await listExpectedFiles(
    readCatalogue(session, schema, mediaRoot),
    target.work,
    target.sources,
  )
  const place =
    databasePrefix +
    dumpName({ time: taken, immichVersion: immich.version, postgresVersion: postgres.version }, target.runId)
  const expectedRows = counts.tableRows
  const dump = await storeDump(
    { ...target, place, taken, settings: source.settings },
    snapshot,
    postgres.major,
    expectedRows,
    signal,
  )
  const warnings =
    outside === 0
      ? []
      : [`${outside} files that the database names lie outside of everything that is backed up`]
  return { immich, postgres: { version: postgres.version }, counts, dump, warnings }
}

async function storeDump(
  target: { vault: Vault; key: RunKey; place: string; taken: Date; settings: DatabaseSettings },
  snapshot: DatabaseSnapshot,
  postgresMajor: number,
  expectedRows: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<StoredDump> {
  const { vault, place, settings, taken } = target
  const key = await target.key.current()
  const dump = await dumpDatabase({ settings, snapshotId: snapshot.id, postgresMajor, expectedRows, signal })
  const sealed = encryptStream(key, objectContext(vault.id, place), dump.bytes)
  const { size, sha256 } = await createObjectFromStream(vault.storage, place, sealed, {
    kind: 'index',
    signal,
  })
  const summary = dump.summary()
  return {
    key: place,
    size,
    sha256: sha256.toString('hex'),
    keyId: Buffer.from(key.id).toString('hex'),
    plaintextSize: summary.gzipBytes,
    plaintextSha256: summary.sha256.toString('hex'),
    sqlSize: summary.sqlBytes,
    taken: taken.toISOString(),
  }
}

/** Notes every file that the database names. @returns how many lie where nothing is backed up. */
async function listExpectedFiles(
  catalogue: ReturnType<typeof readCatalogue>,
  work: WorkList,
  sources: readonly FolderSource[],
): Promise<number> {
  let outside = 0
  let batch: ExpectedFile[] = []
  for await (const entry of catalogue) {
    const path = entry.outside ? treePathOf(entry.path, sources) : entry.path
    if (path === undefined) {
      if (entry.required) outside += 1
      continue
    }
    batch.push({ path, sha1: entry.sha1, required: entry.required && !entry.offline })
    if (batch.length === rowsPerWrite) {
      work.addExpectedFiles(batch)
      batch = []
    }
  }
  work.addExpectedFiles(batch)
  return outside
}

/** Where a file of an external library lies in the vault's tree, if a further source holds it under the same path. */
function treePathOf(path: string, sources: readonly FolderSource[]): string | undefined {
  const source = sources.find(({ immich, root }) => !immich && path.startsWith(`${root}/`))
  return source && joinPath(source.treePath, path.slice(source.root.length + 1))
}
