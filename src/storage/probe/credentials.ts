import { randomBytes } from 'node:crypto'
import { AccessDeniedError } from '../errors.ts'
import { bytesOf } from './bytes.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

/** Whether an object can be stored, looked up and read back. What fails here fails everywhere. */
export async function tryCredentials({ storage, key, call }: Site): Promise<TrialVerdict> {
  const own = key('first')
  const bytes = randomBytes(100)
  await storage.put(own, bytes, { kind: 'index', ...call })
  try {
    const { size } = await storage.stat(own, call)
    const back = await bytesOf(storage.read(own, call), bytes.length)
    if (size === bytes.length && back.equals(bytes)) return { result: 'good', detail: 'can store and read' }
    return {
      result: 'bad',
      detail: 'what was stored came back as something else',
      remedy: 'Do not keep backups here. Something between this machine and the storage alters what passes.',
    }
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error
    return {
      result: 'weak',
      detail: 'can store, and not read what was stored',
      remedy:
        'Contents need not be readable for a backup, but allow reading everything outside of objects/ and packs/.',
    }
  }
}
