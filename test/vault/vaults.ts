import { generateIdentity, type Identity } from '../../src/crypto/identity.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { createVault, type Vault } from '../../src/vault/vault.ts'

/** A new vault in memory with its identity and a recovery identity. */
export async function newVault(
  options: { writeOnly?: boolean; postQuantum?: boolean; storage?: Storage } = {},
): Promise<{ storage: Storage; vault: Vault; identity: Identity; recovery: Identity }> {
  const { writeOnly = false, postQuantum = false, storage = new MemoryStorage() } = options
  const identity = await generateIdentity({ postQuantum })
  const recovery = await generateIdentity({ postQuantum })
  const vault = await createVault(storage, {
    identity,
    recovery: [recovery.recipient],
    writeOnly,
    now: new Date(),
  })
  return { storage, vault, identity, recovery }
}

/** The keys of everything in a storage. */
export async function keysOf(storage: Storage, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix)) keys.push(key)
  return keys
}

/** A storage that holds what another one does, but for what a test puts in the place of some objects; undefined: nothing. */
export async function exchanged(
  storage: Storage,
  replaced: Record<string, Uint8Array | undefined>,
): Promise<MemoryStorage> {
  const copy = new MemoryStorage()
  for (const key of await keysOf(storage)) {
    if (!(key in replaced)) await copy.put(key, await bytesOf(storage, key), { kind: 'index' })
  }
  for (const [key, bytes] of Object.entries(replaced))
    if (bytes) await copy.put(key, bytes, { kind: 'index' })
  return copy
}

export async function bytesOf(storage: Storage, key: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(storage.read(key)))
}
