import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wrapForRecipients } from '../../../src/crypto/age.ts'
import { exitCodes } from '../../../src/shared/errors.ts'
import { encodeVaultFile } from '../../../src/vault/vaultFile.ts'
import { deriveVaultKeys } from '../../../src/vault/vaultKeys.ts'
import { createSmallVault, type SmallVault } from '../sampleVault.ts'
import { keysIn, whileTampered, type Tampering } from './tampering.ts'
import { findingsIn, verifyVault } from './verifying.ts'

let vault: SmallVault

beforeAll(async () => {
  vault = await createSmallVault()
})
afterAll(async () => await vault[Symbol.asyncDispose]())

const gone: Tampering = () => undefined
const lie: Tampering = (bytes) =>
  Buffer.from(bytes.toString().replace('"writeOnly": false', '"writeOnly": true'))

/** What an attacker writes who has the storage, and everything that is public, and wants to be taken for us. */
async function plantedIndexKey(id: string): Promise<{ wrapped: Buffer; vaultFile: Buffer }> {
  const indexKey = randomBytes(32)
  const keys = deriveVaultKeys(Buffer.from(id, 'hex'), indexKey)
  return {
    wrapped: Buffer.from(await wrapForRecipients(indexKey, [vault.identity.recipient])),
    vaultFile: encodeVaultFile(keys.vaultFile, { id, created: new Date(), writeOnly: false }),
  }
}

async function planted(id: string): Promise<Tampering> {
  const { wrapped, vaultFile } = await plantedIndexKey(id)
  return (_, key) => (key === 'vault.json' ? vaultFile : key.endsWith('.age') ? wrapped : undefined)
}

test('an emptied bucket is no vault, and does not look new', async () => {
  await whileTampered(vault, keysIn(vault), gone, async () => {
    await expect(verifyVault(vault)).rejects.toMatchObject({
      exitCode: exitCodes.noVault,
      message: expect.stringContaining('there is no vault'),
    })
  })
})

test('a vault.json with an index key of somebody else is refused, although it opens with our identity', async () => {
  const keys = ['vault.json', ...keysIn(vault, 'keys/index/')]
  await whileTampered(vault, keys, await planted(vault.pin.id), async () => {
    await expect(verifyVault(vault)).rejects.toMatchObject({
      exitCode: exitCodes.wrongKey,
      message: expect.stringContaining('another index key'),
    })
  })
})

test('a vault of somebody else in place of ours is refused', async () => {
  const keys = ['vault.json', ...keysIn(vault, 'keys/index/')]
  await whileTampered(vault, keys, await planted(randomBytes(16).toString('hex')), async () => {
    await expect(verifyVault(vault)).rejects.toMatchObject({
      exitCode: exitCodes.noVault,
      message: expect.stringContaining('another vault'),
    })
  })
})

test('a vault.json that says otherwise whether the vault is write-only is refused', async () => {
  await whileTampered(vault, ['vault.json'], lie, async () => {
    await expect(verifyVault(vault)).rejects.toMatchObject({
      exitCode: exitCodes.wrongKey,
      message: expect.stringContaining('not authentic'),
    })
  })
})

test('a data key that somebody else wrapped for us is found, and not used', async () => {
  const keys = keysIn(vault, 'keys/').filter((key) => !key.startsWith('keys/index/'))
  const wrapped = Buffer.from(await wrapForRecipients(randomBytes(32), [vault.identity.recipient]))
  const findings = await whileTampered(
    vault,
    keys,
    () => wrapped,
    async () => await findingsIn(vault),
  )
  expect(findings).toEqual(
    [...keys, ...keysIn(vault, 'objects/'), ...keysIn(vault, 'packs/')].toSorted((a, b) => (a < b ? -1 : 1)),
  )
})

test('a hidden newest snapshot is noticed by whoever knows of it, and only by them', async () => {
  const knownHeads = [{ head: vault.newest.record, rememberedBy: '--expect-head' }]
  expect((await verifyVault(vault, { knownHeads })).warnings).toEqual([])
  await whileTampered(vault, [vault.newest.key], gone, async () => {
    await expect(verifyVault(vault, { knownHeads })).rejects.toMatchObject({
      exitCode: exitCodes.noVault,
      message: expect.stringContaining('--expect-head remembers'),
    })
    const { outcome, warnings } = await verifyVault(vault)
    expect({ outcome, warnings }).toEqual({
      outcome: 'good',
      warnings: [expect.stringContaining('remembers no snapshot')],
    })
  })
})

test('a vault that shows no snapshot at all is not called good', async () => {
  await whileTampered(vault, keysIn(vault, 'hosts/main/snapshots/'), gone, async () => {
    await expect(verifyVault(vault)).rejects.toMatchObject({ exitCode: exitCodes.failed })
  })
})
