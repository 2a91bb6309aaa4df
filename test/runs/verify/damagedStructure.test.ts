import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commitByHand } from '../handmade.ts'
import { createSmallVault, type SmallVault } from '../sampleVault.ts'
import { everyPart, flip, keysIn, rotation, whileTampered, type Tampering } from './tampering.ts'
import { findingsIn, forgetVerifications, verifyVault } from './verifying.ts'

let vault: SmallVault

beforeAll(async () => {
  vault = await createSmallVault()
})
afterAll(async () => await vault[Symbol.asyncDispose]())
beforeEach(async () => await forgetVerifications(vault))

/** What everything else hangs on: damaged one at a time. */
function structuralObjects(): string[] {
  return ['vault.json', 'keys/', 'hosts/'].flatMap((prefix) => keysIn(vault, prefix))
}

/** Tampers with one object after the other. @returns those with which the vault was neither refused nor found wrong. */
async function unnoticed(keys: readonly string[], tampering: Tampering): Promise<string[]> {
  const missed: string[] = []
  for (const key of keys) {
    const findings = await whileTampered(vault, [key], tampering, async () => await findingsIn(vault))
    if (findings !== 'refused' && !findings.includes(key)) missed.push(key)
  }
  return missed
}

describe('every key, record, manifest and vault.json that is', () => {
  test.each(everyPart)('altered in one bit at %d is found', async (place) => {
    expect(await unnoticed(structuralObjects(), flip(place))).toEqual([])
  })

  test('cut is found', async () => {
    expect(await unnoticed(structuralObjects(), (bytes) => bytes.subarray(0, -1))).toEqual([])
  })

  test('gone is found, but for the newest record, which somebody must remember', async () => {
    const [newest] = keysIn(vault, 'hosts/main/snapshots/').slice(-1)
    expect(await unnoticed(structuralObjects(), () => undefined)).toEqual([newest])
  })

  test.each(['hosts/main/snapshots/', 'hosts/main/manifests/', 'keys/'])(
    'exchanged with another below %s is found',
    async (prefix) => {
      const keys = keysIn(vault, prefix).filter((key) => !key.startsWith('keys/index/'))
      expect(keys.length).toBeGreaterThan(1)
      const exchange = await rotation(vault, keys)
      const findings = await whileTampered(vault, keys, exchange, async () => await findingsIn(vault))
      expect(findings).toEqual(expect.arrayContaining(keys))
    },
  )

  test('exchanged with another below keys/index/ is refused', async () => {
    const keys = keysIn(vault, 'keys/index/')
    const exchange = await rotation(vault, keys)
    expect(await whileTampered(vault, keys, exchange, async () => await findingsIn(vault))).toBe('refused')
  })
})

test('a manifest that names what it does not have, made by somebody with the keys, is found', async () => {
  await using own = await createSmallVault()
  await commitByHand(own, [{ directory: 'library', name: 'x', bytes: Buffer.from('x'), content: 12_345 }])
  const { findings } = await verifyVault(own)
  expect(findings).toContainEqual(
    expect.objectContaining({
      message: expect.stringContaining('the manifest contradicts itself: 1 entries name a content'),
    }),
  )
})
