import { unwrapWithIdentity } from '../crypto/age.ts'
import { DecryptionError } from '../crypto/cobblestone.ts'
import type { CallOptions } from '../storage/storage.ts'
import { indexKeyPrefix, keyPrefix } from './layout.ts'
import { readSmallObject } from './objects.ts'
import type { Vault } from './vault.ts'

const wrappedKeyLimit = 256 * 1024

/**
 * A data key that an identity opens, among so many of a vault's, taken evenly from all. In write-only mode there should
 * be none: age does not say whom a key was wrapped for, so only trying tells.
 * @param identity `AGE-SECRET-KEY-1...`
 * @returns where it lies in the vault; undefined when none of those tried opens.
 */
export async function findOpenableKey(
  { storage }: Vault,
  identity: string,
  { limit, ...options }: CallOptions & { limit: number },
): Promise<string | undefined> {
  const all = await Array.fromAsync(storage.list(keyPrefix, options), ({ key }) => key)
  const dataKeys = all.filter((key) => !key.startsWith(indexKeyPrefix))
  const step = Math.max(1, dataKeys.length / limit)
  for (let i = 0; i < dataKeys.length; i += step) {
    const path = dataKeys[Math.floor(i)] ?? ''
    const wrapped = await readSmallObject(storage, path, wrappedKeyLimit, options)
    if (await opens(wrapped, identity)) return path
  }
  return undefined
}

async function opens(wrapped: Uint8Array, identity: string): Promise<boolean> {
  try {
    await unwrapWithIdentity(wrapped, identity)
    return true
  } catch (error) {
    if (error instanceof DecryptionError) return false
    throw error
  }
}
