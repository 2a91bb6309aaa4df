import { NotAFileError } from '../../immich/libraryFile.ts'
import { errorCode, errorMessage } from '../../shared/errors.ts'
import type { ReadOutcome } from './storeMessages.ts'

/** A file changed between two looks at it. */
export class UnstableFileError extends Error {
  constructor() {
    super('the file changed while it was read')
    this.name = 'UnstableFileError'
  }
}

/** Reading the library failed, as opposed to writing to the storage. */
export class ReadFailure extends Error {}

/** Marks what `work` throws as a failure to read the library. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new ReadFailure('reading failed', { cause: error })
  }
}

/** What a failure says about the file; undefined when it was not the file's. */
export function readOutcome(error: unknown): ReadOutcome | undefined {
  if (error instanceof UnstableFileError) return { status: 'unstable' }
  return error instanceof ReadFailure ? outcomeOfFailure(error.cause) : undefined
}

/** What a failure to read a file says about it. */
export function outcomeOfFailure(error: unknown): ReadOutcome {
  const code = errorCode(error)
  if (error instanceof NotAFileError || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
    return { status: 'vanished' }
  return { status: 'unreadable', reason: code ?? errorMessage(error) }
}
