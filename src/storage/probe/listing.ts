import { isDeepStrictEqual } from 'node:util'
import type { ListOptions } from '../storage.ts'
import type { TrialVerdict } from '../trial.ts'
import type { Site } from './site.ts'

/** Whether objects are listed as soon as they are stored, in order, and from any key on. */
export async function tryListing({ storage, key, call }: Site): Promise<TrialVerdict> {
  // In the order of bytes, where a capital letter comes before a small one.
  const keys = ['list-1', 'list.1', 'listB', 'lista'].map(key)
  for (const own of keys.toReversed()) await storage.put(own, Buffer.from('x'), { kind: 'index', ...call })
  const prefix = keys[0]?.slice(0, -'-1'.length) ?? ''
  const list = async (options: ListOptions) =>
    await Array.fromAsync(storage.list(prefix, { ...call, ...options }), (object) => object.key)
  if (!isDeepStrictEqual(await list({}), keys)) {
    return {
      result: 'bad',
      detail: 'what was just stored is not listed, or not in order',
      remedy: 'The newest snapshot is found by listing. Use a storage that lists what it holds, at once.',
    }
  }
  if (isDeepStrictEqual(await list({ after: keys[1] }), keys.slice(2)))
    return { result: 'good', detail: 'objects are listed at once, in order' }
  return {
    result: 'bad',
    detail: 'a listing that should begin after a key began elsewhere',
    remedy: 'The newest snapshot is found by such a listing. Use another server, or tell its makers.',
  }
}
