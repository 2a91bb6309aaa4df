import { setImmediate } from 'node:timers/promises'
import { errorCode } from '../shared/errors.ts'
import { readDirectory } from './readDirectory.ts'

/** How much lies in folders. */
export interface LibrarySize {
  files: number
  bytes: number
  /** False where counting was given up before its end, or something could not be looked at. */
  whole: boolean
}

/**
 * Counts the files below folders, following no symbolic link.
 * @param folders absolute paths; one that is not there counts as empty.
 * @param patience milliseconds after which it stops, with what it has by then.
 * @throws the signal's reason once it aborts.
 */
export async function librarySize(
  folders: readonly string[],
  { patience, signal }: { patience: number; signal: AbortSignal },
): Promise<LibrarySize> {
  const size: LibrarySize = { files: 0, bytes: 0, whole: true }
  const waiting = [...folders]
  const end = performance.now() + patience
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    // Listing is synchronous: whoever shows that this takes a while wants a turn, too.
    await setImmediate()
    signal.throwIfAborted()
    if (performance.now() > end) return { ...size, whole: false }
    waiting.push(...countFiles(folder, size))
  }
  return size
}

/** Adds a folder's own files. @returns the folders in it. */
function countFiles(folder: string, size: LibrarySize): string[] {
  const below: string[] = []
  try {
    for (const entry of readDirectory(folder)) {
      if ('code' in entry) size.whole = false
      else if (entry.stats.isDirectory()) below.push(`${folder}/${entry.name}`)
      else if (entry.stats.isFile()) {
        size.files += 1
        size.bytes += entry.stats.size
      }
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    if (code !== 'ENOENT') size.whole = false
  }
  return below
}
