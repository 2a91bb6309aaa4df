import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { errorCode, UserError } from '../../shared/errors.ts'

/** A slow disk may have to write as much as the machine has memory. */
const timeoutMs = 60 * 60 * 1000

/**
 * Makes everything durable that was written to the file system of a folder. Node has no `syncfs`, coreutils' `sync` has.
 * One call for all files takes a small part of what one for each would.
 * @throws UserError when the disk does not take it.
 */
export async function flushFileSystem(folder: string, signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('sync', ['--file-system', folder], { signal, timeout: timeoutMs })
  } catch (error) {
    signal.throwIfAborted()
    const missing = errorCode(error) === 'ENOENT'
    throw new UserError(
      `what was restored to ${folder} may not be on the disk yet: ${missing ? "there is no program 'sync'" : 'sync failed'}`,
      {
        hint: missing
          ? 'Unmount the disk, or shut the machine down in an orderly way.'
          : 'The disk may be failing: look at the system log.',
        cause: error,
      },
    )
  }
}
