import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSampleVault, type SampleVault } from '../sampleVault.ts'
import { everyPart, flip, keysIn, rotation, whileTampered, type Tampering } from './tampering.ts'
import { findingsIn, forgetVerifications } from './verifying.ts'

let vault: SampleVault

beforeAll(async () => {
  vault = await createSampleVault()
})
afterAll(async () => await vault[Symbol.asyncDispose]())
beforeEach(async () => await forgetVerifications(vault))

/** Each of these is found by itself, whatever else is damaged: all of them are damaged at once. */
function dataObjects(): string[] {
  return ['objects/', 'packs/', 'database/'].flatMap((prefix) => keysIn(vault, prefix))
}

test('the vault is good as it is, and has some of everything', async () => {
  expect(await findingsIn(vault)).toEqual([])
  expect(keysIn(vault, 'objects/').length).toBeGreaterThan(5)
  const prefixes = ['packs/', 'database/', 'hosts/main/snapshots/', 'hosts/main/manifests/', 'keys/index/']
  expect(prefixes.filter((prefix) => keysIn(vault, prefix).length < 2)).toEqual([])
})

describe('every content object, pack and dump that is', () => {
  test.each(everyPart)('altered in one bit at %d is found', async (place) => {
    const keys = dataObjects()
    expect(await whileTampered(vault, keys, flip(place), async () => await findingsIn(vault))).toEqual(
      keys.toSorted(),
    )
  })

  test.each([
    ['cut by a byte', (bytes: Buffer) => bytes.subarray(0, -1)],
    [
      'cut by its last chunk',
      (bytes: Buffer) => bytes.subarray(0, 80 + 16400 * Math.floor((bytes.length - 80) / 16400)),
    ],
    ['emptied', () => Buffer.alloc(0)],
    ['longer by a byte', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['gone', () => undefined],
  ] satisfies [string, Tampering][])(
    '%s is found, also by looking only at the listing',
    async (_, tampering) => {
      const keys = dataObjects()
      await whileTampered(vault, keys, tampering, async () => {
        expect(await findingsIn(vault)).toEqual(keys.toSorted())
        expect(await findingsIn(vault, { level: 'list' })).toEqual(keys.toSorted())
      })
    },
  )

  test('altered is found by its checksum, without any data key', async () => {
    const keys = dataObjects()
    expect(
      await whileTampered(vault, keys, flip(0.3), async () => await findingsIn(vault, { level: 'checksum' })),
    ).toEqual(keys.toSorted())
  })

  test.each(['objects/', 'packs/', 'database/'])(
    'exchanged with another below %s is found',
    async (prefix) => {
      const keys = keysIn(vault, prefix)
      const exchange = await rotation(vault, keys)
      expect(await whileTampered(vault, keys, exchange, async () => await findingsIn(vault))).toEqual(keys)
    },
  )
})
