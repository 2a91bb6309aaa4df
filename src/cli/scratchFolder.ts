import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { errorCode } from '../shared/errors.ts'

/**
 * A folder for what a command fetches and throws away: the state directory, which has room; the system's own place for
 * temporary files where a reader may not write there, as in an emergency on a borrowed machine.
 */
export async function scratchFolder(state: string): Promise<string> {
  try {
    await mkdir(state, { recursive: true, mode: 0o700 })
    await access(state, constants.W_OK)
    return state
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return tmpdir()
  }
}
