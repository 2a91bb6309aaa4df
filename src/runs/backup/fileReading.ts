import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { isUnchanged, openLibraryFile, readFully } from '../../immich/libraryFile.ts'
import { pieceSize } from './contentSizes.ts'
import { reading, UnstableFileError } from './readFailures.ts'

/** A file of the library that is being read, and what it was when it was opened. */
export interface OpenFile {
  handle: FileHandle
  stats: BigIntStats
}

/** What a long reading looks out for. */
export interface Watch {
  signal: AbortSignal
  /** Hears of bytes that are worked through; negative when they have to be worked through once more. */
  passed: (bytes: number) => void
}

/** Opens a file for `work` and closes it. What goes wrong with opening is a failure to read. */
export async function withFile<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await reading(async () => await openLibraryFile(path))
  try {
    return await work(file)
  } finally {
    await file.handle.close()
  }
}

/** Reads the whole of a small enough file. @throws UnstableFileError when it changes meanwhile. */
export async function readWhole(file: OpenFile, target: Buffer): Promise<void> {
  await readPart(file, target, 0)
  await requireUnchanged(file)
}

/** Fills `target` with the bytes from `position` on. @throws UnstableFileError when there are not so many. */
export async function readPart({ handle }: OpenFile, target: Buffer, position: number): Promise<void> {
  const read = await reading(async () => await readFully(handle, target, position))
  if (read !== target.length) throw new UnstableFileError()
}

/**
 * The file in pieces, read ahead by one. A piece's memory is used again for the next but one.
 * @param memory has room for two pieces.
 * @throws UnstableFileError when it changed by the end.
 */
export async function* pieces(
  file: OpenFile,
  memory: Buffer,
  { signal, passed }: Watch,
): AsyncGenerator<Buffer, void, undefined> {
  const size = Number(file.stats.size)
  // A read ahead may fail while the piece before it is still being worked on; it is reported when its turn comes.
  const readAhead = (position: number, slot: number): Promise<Buffer> => {
    const target = memory.subarray(slot * pieceSize, slot * pieceSize + Math.min(pieceSize, size - position))
    const piece = readPart(file, target, position).then(() => target)
    piece.catch(() => undefined)
    return piece
  }
  let slot = 0
  let next = readAhead(0, slot)
  try {
    for (let position = 0; position < size; position += pieceSize) {
      signal.throwIfAborted()
      const piece = await next
      slot = 1 - slot
      if (position + pieceSize < size) next = readAhead(position + pieceSize, slot)
      yield piece
      passed(piece.length)
    }
  } finally {
    await next.catch(() => undefined)
  }
  await requireUnchanged(file)
}

async function requireUnchanged({ handle, stats }: OpenFile): Promise<void> {
  if (!(await reading(async () => await isUnchanged(handle, stats)))) throw new UnstableFileError()
}
