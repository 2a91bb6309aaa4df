import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

const remedy =
  "Give backups credentials that may create, read and list, and nothing else: whoever takes this machine has them, too. The destination's page in docs/destinations/ says how."
const unseen: TrialVerdict = { result: 'unknown', detail: 'this type of destination has no way to try' }

/** Whether these credentials could delete a backup. */
export async function tryRemoving({ storage, key, call, found }: Site): Promise<TrialVerdict> {
  if (storage.trial === undefined) return unseen
  const own = key('removed')
  await storage.put(own, Buffer.from('x'), { kind: 'index', ...call })
  found.removing = await storage.trial.remove(own, call)
  switch (found.removing) {
    case 'refused':
      return { result: 'good', detail: 'these credentials may not delete' }
    case 'hidden':
      return {
        result: 'weak',
        detail: 'these credentials may hide what is stored, and not destroy it',
        remedy,
      }
    case 'allowed':
      return { result: 'weak', detail: 'these credentials may delete what is stored', remedy }
  }
}

/** Whether these credentials could replace a backup by something else. */
export async function tryReplacing({ storage, key, call, found }: Site): Promise<TrialVerdict> {
  if (storage.trial === undefined) return unseen
  const own = key('replaced')
  await storage.put(own, Buffer.from('before'), { kind: 'index', ...call })
  found.replacing = await storage.trial.overwrite(own, Buffer.from('after'), call)
  switch (found.replacing) {
    case 'refused':
      return { result: 'good', detail: 'these credentials may not replace' }
    case 'hidden':
      return {
        result: 'weak',
        detail: 'these credentials may hide what is stored behind something else',
        remedy,
      }
    case 'allowed':
      return { result: 'weak', detail: 'these credentials may replace what is stored', remedy }
  }
}

/** Whether what is deleted or replaced could be brought back. */
export async function tryVersions({ storage, call, found }: Site): Promise<TrialVerdict> {
  if (storage.trial === undefined) return unseen
  const kept = await storage.trial.keepsVersions(call)
  if (kept === undefined)
    return { result: 'unknown', detail: 'whether old versions are kept can not be seen' }
  if (kept) return { result: 'good', detail: 'old versions are kept' }
  const safe = found.removing === 'refused' && found.replacing === 'refused'
  if (safe) return { result: 'good', detail: 'no old versions are kept, and these credentials make none' }
  return {
    result: 'weak',
    detail: 'what is deleted or replaced is gone at once',
    remedy: 'Have old versions kept for some weeks (versioning, soft delete, snapshots of the file system).',
  }
}
