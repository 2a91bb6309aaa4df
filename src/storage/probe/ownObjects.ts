import { ObjectMissingError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import type { Trial, TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

/** Removes what this probe stored, where that is allowed. */
export async function removeOwnObjects({ storage, keys, found, call }: Site): Promise<TrialVerdict> {
  if (storage.trial === undefined || found.removing === undefined || found.removing === 'refused') {
    const size = found.large ? `, ${(found.large.bytes.length / 1e6).toFixed(1)} MB,` : ''
    return {
      result: 'good',
      detail: `what this check stored${size} stays below uploads/ until a lifecycle rule removes it`,
    }
  }
  for (const key of keys) await removeIfThere(storage.trial, key, call)
  return found.removing === 'hidden'
    ? { result: 'good', detail: 'what this check stored is hidden; a lifecycle rule removes it' }
    : { result: 'good', detail: 'nothing of this check is left' }
}

/** Not every key that was given out became an object, and one was removed on trial. */
async function removeIfThere(trial: Trial, key: string, call: CallOptions): Promise<void> {
  try {
    await trial.remove(key, call)
  } catch (error) {
    if (!(error instanceof ObjectMissingError)) throw error
  }
}
