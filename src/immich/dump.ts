import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { ChildProcess } from './childProcess.ts'
import { checkRows, type DumpContents, DumpInspector } from './dumpInspector.ts'
import { keepAlive, libpqEnvironment } from './libpq.ts'
import type { DatabaseSettings } from './settings.ts'
import { findPgDump } from './tools.ts'
import { through } from './zlibThrough.ts'

export interface DumpOptions {
  settings: DatabaseSettings
  /** Of an exported snapshot whose transaction is open. */
  snapshotId: string
  /** Major version of the server. */
  postgresMajor: number
  /** Rows of tables at the moment of that snapshot, by their names as SQL; the dump must have exactly these. */
  expectedRows: ReadonlyMap<string, number>
  signal: AbortSignal
}

export interface DumpSummary extends DumpContents {
  /** Length and SHA-256 of the gzip file. */
  gzipBytes: number
  sha256: Buffer
}

export interface DatabaseDump {
  /**
   * The gzip file, once. It ends without an error only when pg_dump said that it succeeded and the dump was seen to be
   * whole; otherwise it throws, so that nothing that consumes it can take a broken dump for a good one.
   */
  readonly bytes: AsyncIterable<Uint8Array>
  /** What the dump holds. @throws Error before `bytes` has ended well. */
  summary(): DumpSummary
}

/**
 * Dumps Immich's database as Immich itself does: pg_dump of the server's major version, plain SQL that drops what it
 * makes anew, owners kept, gzip.
 * @throws UserError when there is no fitting pg_dump. What goes wrong later is thrown by `bytes`.
 */
export async function dumpDatabase(options: DumpOptions): Promise<DatabaseDump> {
  const pgDump = await findPgDump(options.postgresMajor)
  let summary: DumpSummary | undefined
  return {
    bytes: gzippedDump(pgDump, options, (result) => (summary = result)),
    summary() {
      if (summary === undefined) throw new Error('the dump has not ended')
      return summary
    },
  }
}

async function* gzippedDump(
  path: string,
  { settings, snapshotId, expectedRows, signal }: DumpOptions,
  done: (summary: DumpSummary) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'safelight-dump-'))
  let pgDump: ChildProcess | undefined
  try {
    pgDump = new ChildProcess(
      path,
      dumpArguments(snapshotId),
      await libpqEnvironment(settings, folder),
      signal,
    )
    const inspector = new DumpInspector()
    const hash = createHash('sha256')
    let gzipBytes = 0
    const sql = checkedSql(pgDump, inspector, expectedRows)
    for await (const chunk of through(sql, createGzip({ chunkSize: 256 * 1024 }))) {
      hash.update(chunk)
      gzipBytes += chunk.length
      yield chunk
    }
    done({ ...inspector.finish(), gzipBytes, sha256: hash.digest() })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    await pgDump?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function dumpArguments(snapshotId: string): string[] {
  return [
    '--clean',
    '--if-exists',
    '--no-password',
    `--snapshot=${snapshotId}`,
    // A migration of Immich that runs meanwhile locks its tables: rather fail than wait for ever.
    '--lock-wait-timeout=60s',
    `--dbname=${keepAlive}`,
  ]
}

/** Passes the SQL on, and fails after it unless pg_dump succeeded and nothing is missing. */
async function* checkedSql(
  pgDump: ChildProcess,
  inspector: DumpInspector,
  expectedRows: ReadonlyMap<string, number>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of pgDump.stdout as AsyncIterable<Buffer>) {
    inspector.push(chunk)
    yield chunk
  }
  await pgDump.succeeded()
  checkRows(inspector.finish(), expectedRows)
}
