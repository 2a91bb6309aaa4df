import { join } from 'node:path'
import { unfinishedDumps } from '../../immich/folders.ts'
import { Manifest } from '../../manifest/manifest.ts'
import { WorkerPool } from '../../shared/threads/pool.ts'
import type { ScanResult, ScanSetting } from '../backup/scanMessages.ts'
import type { FolderSource } from '../backup/source.ts'
import { walkScript, walkSource, walkThreads } from '../backup/walk.ts'
import type { Amount } from './amounts.ts'
import type { VaultRequests } from './cost.ts'
import { FindingsBook, type Findings } from './findings.ts'
import { UploadForecast } from './uploads.ts'

export interface LibraryLook {
  findings: Findings
  /** Paths in the vault's tree that can't be read, or are not there. */
  unreadable: number
  /** What a first backup of all of it would store. */
  content: Amount
  requests: VaultRequests
}

/** Parts as S3 gets them. Where no part costs anything, it does not matter. */
const usualWay = {
  partSize: 5 * 1024 * 1024,
  looksFirst: false,
  resumable: { pieceUnit: 1, maxPieces: 10_000 },
}
/** The id of a folder that a manifest has never seen. */
const unknown = -1

/**
 * Walks everything that is backed up, and says what a first backup would store. Nothing is read.
 * @param options.folder an existing folder for temporary files.
 */
export async function lookAtLibrary(
  sources: readonly FolderSource[],
  options: Omit<ScanSetting, 'manifestFiles'> & {
    folder: string
    now: Date
    /** Hears of files and bytes that were seen. */
    onProgress: (files: number, bytes: number) => void
    signal: AbortSignal
  },
): Promise<LibraryLook> {
  const { folder, now, onProgress, signal, ignore, compare, oneFileSystem } = options
  const manifestFile = join(folder, 'empty.sqlite')
  new Manifest(manifestFile).close()
  using book = new FindingsBook(manifestFile, folder, now)
  const setting = {
    manifestFiles: [manifestFile],
    ignore: [...ignore, unfinishedDumps],
    compare,
    oneFileSystem,
  }
  const pool = new WorkerPool(walkScript, { size: walkThreads, data: setting, signal })
  let unreadable = 0
  try {
    for (const source of sources) {
      const take = (result: ScanResult): void => {
        book.take(source, result.changes, 0)
        unreadable += result.unreadable.length
        onProgress(result.files, result.bytes)
      }
      await walkSource(pool, source, [unknown], take, signal)
    }
  } finally {
    await pool.close()
  }
  const uploads = new UploadForecast(usualWay)
  for (const size of book.sizes()) uploads.add(size)
  uploads.end()
  const { content, requests } = uploads
  return { findings: book.findings(), unreadable, content, requests }
}
