import type { Verdict } from './finding.ts'
import type { Site } from './site.ts'

/** Removes what this probe stored, where that is allowed. */
export async function removeOwnObjects({ storage, keys, found, call }: Site): Promise<Verdict> {
  if (found.removing !== 'allowed' || storage.trial === undefined) {
    const size = found.large ? `, ${(found.large.bytes.length / 1e6).toFixed(1)} MB,` : ''
    return {
      result: 'good',
      detail: `what this check stored${size} stays below uploads/ until a lifecycle rule removes it`,
    }
  }
  for (const key of keys) await storage.trial.remove(key, call)
  return { result: 'good', detail: 'nothing of this check is left' }
}
