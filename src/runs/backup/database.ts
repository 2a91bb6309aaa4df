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
  type PostgresVersion,
} from '../../immich/versions.ts'
import { formatNumberOf } from '../../shared/format.ts'
import { databasePrefix, objectContext } from '../../vault/layout.ts'
import { createObjectFromStream } from '../../vault/objects.ts'
import type { StoredDump } from '../../vault/record.ts'
import type { Vault } from '../../vault/vault.ts'
import { databaseSource, type DestinationJobs } from '../jobs/destinationJobs.ts'
import type { RunKey } from './runKey.ts'
import { joinPath, type FolderSource } from './source.ts'
import type { ExpectedFile, WorkList } from './workList.ts'

/** Where the database is and what else tells Immich's version. */
export interface DatabaseSource {
  settings: DatabaseSettings
  serverUrl: string | undefined
  configuredVersion: string | undefined
}

/** What the database said at one moment. */
export interface DatabaseState {
  immich: ImmichVersion
  postgres: PostgresVersion
  counts: ImmichCounts
  warnings: string[]
}

const rowsPerWrite = 5000

/** One moment of the database, as long as its transaction is open. */
export class DatabaseMoment {
  readonly state: DatabaseState
  readonly #source: DatabaseSource
  readonly #snapshot: DatabaseSnapshot
  readonly #taken: Date

  constructor(state: DatabaseState, source: DatabaseSource, snapshot: DatabaseSnapshot, taken: Date) {
    this.state = state
    this.#source = source
    this.#snapshot = snapshot
    this.#taken = taken
  }

  /**
   * Reads Immich's version and the files that it names, in one exported snapshot.
   * @throws UserError when the database cannot be read.
   */
  static async open(
    source: DatabaseSource,
    { work, sources, now }: { work: WorkList; sources: readonly FolderSource[]; now: () => Date },
    signal: AbortSignal,
  ): Promise<DatabaseMoment> {
    const snapshot = await openDatabaseSnapshot(source.settings, signal)
    try {
      const taken = now()
      const { session } = snapshot
      const schema = await readSchema(session)
      const postgres = await readPostgresVersion(session)
      const database = await readImmichVersion(session, schema)
      const { serverUrl, configuredVersion: configured } = source
      const immich = await chooseImmichVersion({ database, serverUrl, configured }, signal)
      const counts = await readCounts(session, schema)
      const mediaRoot = await readMediaRoot(session, schema)
      const outside = await listExpectedFiles(readCatalogue(session, schema, mediaRoot), work, sources)
      const warnings =
        outside === 0
          ? []
          : [
              `${formatNumberOf(outside, 'file')} named by the database, outside of what \`include\` and \`sources\` name`,
            ]
      return new DatabaseMoment({ immich, postgres, counts, warnings }, source, snapshot, taken)
    } catch (error) {
      await snapshot.close()
      throw error
    }
  }

  /**
   * Dumps the database of this moment into a vault. Each vault has a pg_dump of its own, at its own pace.
   * @throws UserError when it cannot be dumped; then no dump lies in the vault under any name.
   */
  async dumpInto(
    target: { vault: Vault; key: RunKey; runId: string; jobs: DestinationJobs },
    signal: AbortSignal,
  ): Promise<StoredDump> {
    const { vault, runId, jobs } = target
    const { immich, postgres, counts } = this.state
    const versions = { immichVersion: immich.version, postgresVersion: postgres.version }
    const place = databasePrefix + dumpName({ time: this.#taken, ...versions }, runId)
    const key = await target.key.current()
    const dump = await dumpDatabase({
      settings: this.#source.settings,
      snapshotId: this.#snapshot.id,
      postgresMajor: postgres.major,
      expectedRows: counts.tableRows,
      signal,
    })
    jobs.begin(databaseSource)
    const bytes = counted(dump.bytes, jobs)
    const sealed = encryptStream(key, objectContext(vault.id, place), bytes)
    const options = { kind: 'index', signal } as const
    const { size, sha256 } = await createObjectFromStream(vault.storage, place, sealed, options)
    const summary = dump.summary()
    return {
      key: place,
      size,
      sha256: sha256.toString('hex'),
      keyId: Buffer.from(key.id).toString('hex'),
      plaintextSize: summary.gzipBytes,
      plaintextSha256: summary.sha256.toString('hex'),
      sqlSize: summary.sqlBytes,
      taken: this.#taken.toISOString(),
    }
  }

  /** Ends the transaction. Dumps that are under way keep their own hold on the moment once their first bytes have come. */
  async close(): Promise<void> {
    await this.#snapshot.close()
  }
}

/** How long a dump gets is known at its end: its job has no total until then. */
async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  jobs: DestinationJobs,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0
  for await (const chunk of bytes) {
    yield chunk
    length += chunk.length
    jobs.advance(databaseSource, 0, chunk.length)
  }
  jobs.find(databaseSource, 1, length)
  jobs.advance(databaseSource, 1, 0)
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
