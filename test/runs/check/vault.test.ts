import { describe, expect, test } from 'vitest'
import { generateIdentity } from '../../../src/crypto/identity.ts'
import { checkVault, type VaultExpectation } from '../../../src/runs/check/vault.ts'
import { exitCodes } from '../../../src/shared/errors.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { createDataKey } from '../../../src/vault/dataKeys.ts'
import { newVault } from '../../vault/vaults.ts'

async function check(storage: Storage, expected: Partial<VaultExpectation>) {
  const usual = {
    identity: undefined,
    pin: undefined,
    writeOnly: false,
    signal: new AbortController().signal,
  }
  return await checkVault(storage, { ...usual, ...expected })
}

describe('a vault', () => {
  test('is good when it is the pinned one and the identity opens it', async () => {
    const { storage, vault, identity } = await newVault()
    expect(await check(storage, { identity, pin: vault })).toMatchObject({ result: 'good' })
  })

  test('is weak when nothing is pinned, and the lines to add are told', async () => {
    const { storage, vault, identity } = await newVault()
    expect(await check(storage, { identity })).toMatchObject({
      result: 'weak',
      remedy: expect.stringContaining(`vault: { id: ${vault.id}, fingerprint: ${vault.fingerprint} }`),
    })
  })

  test('is weak when none was ever made, and bad when one is pinned', async () => {
    const { vault, identity } = await newVault()
    const empty = new MemoryStorage()
    expect(await check(empty, { identity })).toMatchObject({ result: 'weak', detail: 'there is none yet' })
    await expect(check(empty, { identity, pin: vault })).rejects.toMatchObject({
      exitCode: exitCodes.noVault,
    })
  })

  test('is bad for another identity', async () => {
    const { storage, vault } = await newVault()
    const identity = await generateIdentity({ postQuantum: false })
    await expect(check(storage, { identity, pin: vault })).rejects.toMatchObject({
      exitCode: exitCodes.wrongKey,
    })
  })

  test('is bad when the configuration wants the other mode', async () => {
    const { storage, vault, identity } = await newVault()
    await expect(check(storage, { identity, pin: vault, writeOnly: true })).rejects.toThrow(
      'this vault was created without it',
    )
  })

  test('is unknown without an identity', async () => {
    const { storage } = await newVault()
    expect(await check(storage, {})).toMatchObject({ result: 'unknown' })
  })
})

describe('in write-only mode', () => {
  test('the identity may open the vault, and none of its data keys', async () => {
    const { storage, vault, identity, recovery } = await newVault({ writeOnly: true })
    for (let run = 0; run < 3; run++) await createDataKey(vault, [recovery.recipient], {})
    expect(await check(storage, { identity, pin: vault, writeOnly: true })).toMatchObject({ result: 'good' })
  })

  test('an identity that was a recipient of a data key is bad', async () => {
    const { storage, vault, identity, recovery } = await newVault({ writeOnly: true })
    await createDataKey(vault, [recovery.recipient], {})
    const { wrapped } = await createDataKey(vault, [recovery.recipient, identity.recipient], {})
    expect(await check(storage, { identity, pin: vault, writeOnly: true })).toMatchObject({
      result: 'bad',
      detail: expect.stringContaining(wrapped.key),
    })
  })
})
