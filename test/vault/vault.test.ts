import { describe, expect, test } from 'vitest'
import { wrapForRecipients } from '../../src/crypto/age.ts'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { MemoryStorage } from '../../src/storage/memory.ts'
import { createVault, openVault } from '../../src/vault/vault.ts'
import { encodeVaultFile } from '../../src/vault/vaultFile.ts'
import { deriveVaultKeys } from '../../src/vault/vaultKeys.ts'
import { bytesOf, exchanged, keysOf, newVault } from './vaults.ts'

describe('a new vault', () => {
  test('has its file, the sealed index key and the one for recovery', async () => {
    const { storage, vault } = await newVault()
    expect(await keysOf(storage)).toEqual(['keys/index/1.age', 'keys/index/1.sealed', 'vault.json'])
    expect(vault.id).toMatch(/^[0-9a-f]{32}$/)
    expect(vault.fingerprint).toMatch(/^[0-9a-f]{32}$/)
  })

  test.each([false, true])(
    'opens with its identity and with a recovery identity (post-quantum: %s)',
    async (postQuantum) => {
      const { storage, vault, identity, recovery } = await newVault({ postQuantum })
      const pin = { id: vault.id, fingerprint: vault.fingerprint }
      for (const by of [identity, recovery]) {
        const opened = await openVault(storage, { identity: by, pin })
        expect(opened.keys).toEqual(vault.keys)
        expect(opened).toMatchObject({ id: vault.id, writeOnly: false, created: vault.created })
      }
    },
  )

  test('shows nothing of its keys', async () => {
    const { storage, vault, identity } = await newVault()
    for (const key of await keysOf(storage)) {
      const text = (await bytesOf(storage, key)).toString('latin1')
      for (const secret of [
        vault.keys.names,
        vault.keys.records.key,
        vault.keys.manifests.key,
        identity.seed,
      ])
        expect(text).not.toContain(secret.toString('latin1'))
    }
  })

  test('is made only where nothing is', async () => {
    const { storage, identity } = await newVault()
    const again = { identity, recovery: [], writeOnly: false, now: new Date() }
    await expect(createVault(storage, again)).rejects.toMatchObject({
      name: 'UserError',
      message: 'memory is not empty: vault.json is there already',
    })
    const withoutFile = await exchanged(storage, {
      'vault.json': undefined,
      'hosts/main/snapshots/x': Buffer.of(1),
    })
    await expect(createVault(withoutFile, again)).rejects.toThrow('hosts/main/snapshots/x is there already')
  })

  test('may be made where an earlier attempt broke off', async () => {
    const { storage, identity, recovery } = await newVault()
    const broken = await exchanged(storage, { 'vault.json': undefined })
    const vault = await createVault(broken, {
      identity,
      recovery: [recovery.recipient],
      writeOnly: false,
      now: new Date(),
    })
    expect(await keysOf(broken, 'keys')).toContain('keys/index/2.sealed')
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    for (const by of [identity, recovery])
      expect((await openVault(broken, { identity: by, pin })).keys).toEqual(vault.keys)
  })
})

describe('a vault is refused', () => {
  test('by another identity', async () => {
    const { storage } = await newVault()
    const identity = await generateIdentity({ postQuantum: false })
    await expect(openVault(storage, { identity })).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 12,
      message: 'this identity does not open the vault at memory',
      hint: expect.stringContaining(identity.recipient),
    })
  })

  test('when it is emptied, or was never there', async () => {
    const { vault, identity } = await newVault()
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    await expect(openVault(new MemoryStorage(), { identity, pin })).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 10,
      message: 'there is no vault at memory: it has no vault.json',
      hint: expect.stringContaining('it was emptied, or is not mounted'),
    })
    await expect(openVault(new MemoryStorage(), { identity })).rejects.toMatchObject({
      hint: expect.stringContaining('safelight init'),
    })
  })

  test('when it is another one than the pinned, of the same identity', async () => {
    const { vault, identity } = await newVault()
    const storage = new MemoryStorage()
    const other = await createVault(storage, { identity, recovery: [], writeOnly: false, now: new Date() })
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    await expect(openVault(storage, { identity, pin })).rejects.toMatchObject({
      exitCode: 10,
      message: `another vault lies at memory: its id is ${other.id}, the configuration pins ${vault.id}`,
    })
  })

  test('when somebody planted an index key of their own for the recovery identity', async () => {
    const { storage, vault, recovery } = await newVault()
    const id = Buffer.from(vault.id, 'hex')
    const planted = Buffer.alloc(32, 'planted')
    const keys = deriveVaultKeys(id, planted)
    const fake = await exchanged(storage, {
      'keys/index/1.age': await wrapForRecipients(planted, [recovery.recipient]),
      'vault.json': encodeVaultFile(keys.vaultFile, { id: vault.id, created: new Date(), writeOnly: false }),
    })
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    await expect(openVault(fake, { identity: recovery, pin })).rejects.toMatchObject({
      exitCode: 12,
      message: 'the vault at memory has another index key than the one that the configuration pins',
    })
    // Without a pin it looks like a vault, and nobody can tell: the caller says so.
    expect((await openVault(fake, { identity: recovery })).fingerprint).toBe(keys.fingerprint.toString('hex'))
  })

  test('when its index key could be planted, and something is to be stored in it', async () => {
    const { storage, vault, recovery, identity } = await newVault()
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    expect((await openVault(storage, { identity, storing: true })).id).toBe(vault.id)
    expect((await openVault(storage, { identity: recovery })).id).toBe(vault.id)
    expect((await openVault(storage, { identity: recovery, pin, storing: true })).id).toBe(vault.id)
    await expect(openVault(storage, { identity: recovery, storing: true })).rejects.toMatchObject({
      exitCode: 12,
      hint: expect.stringContaining('a recovery identity will do where the vault is pinned'),
    })
  })

  test('when vault.json was changed in any field, or is of another vault', async () => {
    const { storage, identity } = await newVault()
    const file = JSON.parse((await bytesOf(storage, 'vault.json')).toString()) as Record<string, unknown>
    const changes: [Record<string, unknown>, number][] = [
      [{ writeOnly: true }, 12],
      [{ created: '2020-01-01T00:00:00.000Z' }, 12],
      [{ mac: '0'.repeat(64) }, 12],
      [{ id: '0'.repeat(32) }, 12],
      [{ version: 2 }, 10],
      [{ version: 2, extra: 1 }, 10],
      [{ extra: 1 }, 10],
      [{ format: 'other' }, 10],
    ]
    for (const [change, exitCode] of changes) {
      const planted = await exchanged(storage, {
        'vault.json': Buffer.from(JSON.stringify({ ...file, ...change })),
      })
      await expect(openVault(planted, { identity })).rejects.toMatchObject({
        name: 'UserError',
        exitCode,
      })
    }
    const later = await exchanged(storage, {
      'vault.json': Buffer.from('{"format": "safelight", "version": 2, "other": "fields"}'),
    })
    await expect(openVault(later, { identity })).rejects.toThrow(/format version 2; this program knows/)
    const damaged = await exchanged(storage, { 'vault.json': Buffer.from('{') })
    await expect(openVault(damaged, { identity })).rejects.toMatchObject({ exitCode: 10 })
    const endless = await exchanged(storage, { 'vault.json': Buffer.alloc(2 << 20) })
    await expect(openVault(endless, { identity })).rejects.toThrow(/larger than/)
  })

  test('when its index key was exchanged or altered', async () => {
    const { storage, vault, identity } = await newVault()
    const other = await newVault()
    const sealed = await bytesOf(storage, 'keys/index/1.sealed')
    const flipped = Buffer.from(sealed)
    flipped.writeUInt8(flipped.readUInt8(100) ^ 1, 100)
    const pin = { id: vault.id, fingerprint: vault.fingerprint }
    for (const planted of [
      flipped,
      sealed.subarray(0, -1),
      await bytesOf(other.storage, 'keys/index/1.sealed'),
      undefined,
    ]) {
      const changed = await exchanged(storage, { 'keys/index/1.sealed': planted })
      await expect(openVault(changed, { identity, pin })).rejects.toMatchObject({
        name: 'UserError',
        exitCode: 12,
      })
    }
  })
})
