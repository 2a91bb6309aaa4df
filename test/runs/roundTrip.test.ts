import { expect, test } from 'vitest'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { roundTrip } from '../../src/runs/roundTrip.ts'
import { ForwardingStorage } from '../../src/storage/forward.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import type { ReadOptions, Storage } from '../../src/storage/storage.ts'
import { createVault, openVault } from '../../src/vault/vault.ts'

const around = { now: () => new Date(), signal: new AbortController().signal }

async function vaultIn(storage: Storage, writeOnly = false) {
  const identity = await generateIdentity({ postQuantum: false })
  const owner = await generateIdentity({ postQuantum: false })
  const recovery = writeOnly ? [owner.recipient] : []
  await createVault(storage, { identity, recovery, writeOnly, now: new Date() })
  const vault = await openVault(storage, { identity })
  const recipients = writeOnly ? recovery : [identity.recipient]
  return { vault, options: { ...around, identity, recipients } }
}

/** Gives back what it has with one byte changed at this place, from the end. */
class Altering extends ForwardingStorage {
  readonly #key: RegExp

  constructor(inner: Storage, key: RegExp) {
    super(inner)
    this.#key = key
  }

  override async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of super.read(key, options)) {
      const altered = Uint8Array.from(chunk)
      if (this.#key.test(key)) altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
      yield altered
    }
  }
}

async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list('')) keys.push(key)
  return keys
}

test('what is stored comes back, opens with the identity, and is gone again', async () => {
  const storage = new MemoryStorage()
  const { vault, options } = await vaultIn(storage)
  const before = await keysOf(storage)
  expect(await roundTrip(vault, options)).toMatchObject({ bytes: 100_003, decrypted: true })
  expect(await keysOf(storage)).toEqual(before)
})

test('in write-only mode the stored bytes are compared, which the identity may not open', async () => {
  const { vault, options } = await vaultIn(new MemoryStorage(), true)
  expect(await roundTrip(vault, options)).toMatchObject({ decrypted: false })
})

test.each([/-key$/, /-object$/])('a storage that alters %s is found out', async (key) => {
  for (const writeOnly of [false, true]) {
    const { vault, options } = await vaultIn(new MemoryStorage(), writeOnly)
    const altered = { ...vault, storage: new Altering(vault.storage, key) }
    const message = writeOnly ? 'memory gave back other bytes than it was given' : 'does not decrypt: '
    await expect(roundTrip(altered, options)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining('alters what is stored'),
    })
  }
})
