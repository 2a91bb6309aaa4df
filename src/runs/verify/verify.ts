import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VerifyOptions, VerifyResult } from './verification.ts'
import { VerifyRun } from './verifyRun.ts'

/**
 * Verifies a vault. Records, manifests, keys and the newest dump are checked every time; of the objects, those that were
 * checked least recently. What is wrong is a finding in the result.
 * @throws UserError when there is nothing to verify, or the vault hides a snapshot that is known; the signal's reason
 *   when it aborts, after what was done is noted in the vault.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const folder = await mkdtemp(join(options.folder, 'safelight-verify-'))
  try {
    using run = new VerifyRun({ ...options, folder }, randomBytes(8).toString('hex'))
    try {
      await run.readRecords()
      await run.openChains()
      await run.checkKeys()
      await run.checkPresence()
      await run.checkDumps()
      await run.checkObjects()
      return await run.finish()
    } catch (error) {
      if (options.signal.aborted) await run.noteInterruption()
      throw error
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
