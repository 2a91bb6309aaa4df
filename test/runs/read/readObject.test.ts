import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkSize, sealedChunkSize } from '../../../src/crypto/cobblestone.ts'
import { leadSize } from '../../../src/crypto/envelope.ts'
import type { ReadContent } from '../../../src/runs/read/object.ts'
import { contentsOf, readPack, sealPack, type Reading, type SealedPack } from './sealed.ts'

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.constantFrom(0, chunkSize, 300_000)),
  {
    minLength: 1,
    maxLength: 8,
  },
)
const extent = fc.constantFrom('whole' as const, 'wanted' as const)
/** Which of the contents are wanted: bit by bit. */
const wish = fc.integer({ min: 1, max: 255 })
const wantedBy = (wish: number) => (content: ReadContent) => (wish & (1 << content.id)) !== 0

/** What is wrong with a reading, whatever was done to the pack: each content is right or failed, and never both. */
function wrongWith({ contents }: SealedPack, wanted: readonly ReadContent[], reading: Reading): string[] {
  const { outcome, given } = reading
  return wanted.flatMap(({ id }) => {
    const bytes = given.get(id)
    if (!bytes) return outcome.failed.has(id) ? [] : [`content ${id} is neither given nor failed`]
    if (outcome.failed.has(id)) return [`content ${id} is given and failed`]
    return contents[id]?.equals(bytes) ? [] : [`content ${id} has wrong bytes`]
  })
}

/** Numbers of the first and last chunk that a content is in. */
function chunksOf({ offset, size }: ReadContent): [number, number] {
  return [Math.floor(offset / chunkSize), Math.floor(Math.max(offset, offset + size - 1) / chunkSize)]
}

test('whatever is wanted of a pack comes back, whole or in ranges', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, extent, wish, async (sizes, extent, wish) => {
      const pack = sealPack(contentsOf(sizes))
      const wanted = pack.object.contents.filter(wantedBy(wish))
      const reading = await readPack(pack, pack.ciphertext, extent, wantedBy(wish))
      expect(wrongWith(pack, wanted, reading)).toEqual([])
      expect(reading.outcome).toMatchObject({ failure: undefined, failed: new Map() })
      expect(reading.outcome.bytes).toBe(wanted.reduce((sum, { size }) => sum + size, 0))
    }),
    { numRuns: 150 },
  )
})

test('one flipped bit takes only the contents whose chunk it is in', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, extent, wish, fc.nat(), async (sizes, extent, wish, place) => {
      const pack = sealPack(contentsOf(sizes))
      const wanted = pack.object.contents.filter(wantedBy(wish))
      const at = place % pack.ciphertext.length
      const damaged = Buffer.from(pack.ciphertext)
      damaged.writeUInt8(damaged.readUInt8(at) ^ 4, at)
      const reading = await readPack(pack, damaged, extent, wantedBy(wish))
      expect(wrongWith(pack, wanted, reading)).toEqual([])
      const chunk = Math.floor((at - leadSize) / sealedChunkSize)
      const untouched = wanted.filter((content) => {
        const [first, last] = chunksOf(content)
        return at >= leadSize && (chunk < first || chunk > last)
      })
      expect(untouched.filter(({ id }) => !reading.given.has(id))).toEqual([])
      const lost = wanted.filter((content) => content.size > 0 && !untouched.includes(content))
      expect(lost.map(({ id }) => reading.outcome.failed.get(id)?.kind)).toEqual(lost.map(() => 'damaged'))
      expect(extent === 'wanted' || reading.outcome.failure?.kind === 'damaged').toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('a truncated pack gives what is before the cut, and the rest is damaged', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, extent, fc.nat(), async (sizes, extent, place) => {
      const pack = sealPack(contentsOf(sizes))
      const { contents } = pack.object
      const end = place % pack.ciphertext.length
      const reading = await readPack(pack, pack.ciphertext.subarray(0, end), extent)
      expect(wrongWith(pack, contents, reading)).toEqual([])
      const before = contents.filter(
        (content) => leadSize + (chunksOf(content)[1] + 1) * sealedChunkSize <= end,
      )
      expect(before.filter(({ id }) => !reading.given.has(id))).toEqual([])
      const kinds = [...reading.outcome.failed.values()].map(({ kind }) => kind)
      expect(kinds).toEqual(kinds.map(() => 'damaged'))
      expect(extent === 'wanted' || reading.outcome.failure?.kind === 'damaged').toBe(true)
    }),
    { numRuns: 150 },
  )
})

test('a few small contents of a large pack are fetched by ranges, near ones together', async () => {
  const pack = sealPack(contentsOf([10, 20, 900_000, 30, 900_000, 40]))
  const { given, requests } = await readPack(pack, pack.ciphertext, 'wanted', ({ size }) => size < 100)
  expect(given.size).toBe(4)
  const [lead, ...ranges] = requests
  expect(lead).toEqual({ offset: 0, length: leadSize })
  expect(ranges.length).toBe(3)
  for (const range of ranges) expect(range?.length).toBeLessThanOrEqual(2 * sealedChunkSize)
})

test('a pack of which much is wanted is fetched as a whole, with one request', async () => {
  const pack = sealPack(contentsOf([100_000, 100_000, 100_000]))
  const { requests } = await readPack(pack, pack.ciphertext, 'wanted', ({ id }) => id !== 1)
  expect(requests).toEqual([undefined])
})

test('an object that is not there is missing, with all its contents', async () => {
  const pack = sealPack(contentsOf([10, 20]))
  for (const extent of ['whole', 'wanted'] as const) {
    const { outcome } = await readPack(pack, undefined, extent)
    expect(outcome.failure?.kind).toBe('missing')
    expect([...outcome.failed.values()].map(({ kind }) => kind)).toEqual(['missing', 'missing'])
  }
})

test('whole means that the stored bytes are those of the manifest, not only the contents', async () => {
  const contents = contentsOf([1000, 2000])
  const pack = sealPack(contents)
  const again = sealPack(contents)
  const { outcome, given } = await readPack(pack, again.ciphertext, 'whole')
  expect(given.size).toBe(2)
  expect(outcome.failure?.kind).toBe('damaged')
  expect((await readPack(pack, again.ciphertext, 'wanted')).outcome.failure).toBeUndefined()
})

test('a manifest that lies about places and hashes gets failures, never wrong bytes', async () => {
  const pack = sealPack(contentsOf([1000, 2000, 3000]))
  const [first, second, third] = pack.object.contents
  if (!first || !second || !third) throw new Error('the pack has three contents')
  const lies: ReadContent[] = [
    { ...first, id: 10, offset: -5 },
    { ...first, id: 11, size: -1 },
    { ...second, id: 12, offset: second.offset + 1 },
    { ...second, id: 13, size: second.size - 1 },
    { ...third, id: 14, size: 1e15 },
    { ...third, id: 15, sha256: first.sha256 },
    { ...first, id: 16 },
  ]
  const lying = { ...pack, object: { ...pack.object, contents: [...lies, first, second, third] } }
  for (const extent of ['whole', 'wanted'] as const) {
    const { outcome, given } = await readPack(lying, pack.ciphertext, extent)
    expect(new Set(outcome.failed.keys())).toEqual(new Set([10, 11, 12, 13, 14, 15]))
    expect(new Set(given.keys())).toEqual(new Set([0, 1, 2, 16]))
    for (const [id, bytes] of given) expect(pack.contents[id % 16]?.equals(bytes)).toBe(true)
  }
})
