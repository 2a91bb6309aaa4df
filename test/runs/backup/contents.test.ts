import { expect, test } from 'vitest'
import { Random } from '../../support/random.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture } from './fixture.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Around the sizes at which files go from packs to objects, from one reading to two, from one piece to the next. */
const boundaries = [0, 16 * KiB, 256 * KiB, MiB, 8 * MiB, 9 * MiB]

test('files of sizes around every limit come back byte for byte', async () => {
  await using fixture = await Fixture.create()
  const random = new Random(2)
  const noise = random.bytes(64 * KiB)
  const sizes = boundaries.flatMap((size) => [size - 1, size, size + 1]).filter((size) => size >= 0)
  for (const size of sizes) {
    const bytes = Buffer.alloc(size, noise)
    if (size >= 4) bytes.writeUInt32BE(size)
    await fixture.write(`library/${size}.bin`, bytes)
  }
  const record = await fixture.backupWell()
  expect(record.counts.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0) + 2 * 13)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('a content is stored once, however many files hold it', async () => {
  await using fixture = await Fixture.create()
  const random = new Random(3)
  const [small, large, huge] = [random.bytes(1000), random.bytes(300_000), Buffer.alloc(9 * MiB, 'huge')]
  for (let i = 0; i < 40; i++) {
    await fixture.write(`library/${i}/small.jpg`, small)
    await fixture.write(`upload/${i}/large.jpg`, large)
    await fixture.write(`upload/${i}/empty.jpg`, '')
  }
  for (let i = 0; i < 6; i++) await fixture.write(`library/${i}/huge.mp4`, huge)
  const record = await fixture.backupWell()
  // Small, large, huge, empty, and the marker.
  expect(record.changes).toMatchObject({ added: 128, storedContents: 5 })
  expect(keysIn(fixture.vault, 'objects')).toHaveLength(2)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('many small files share a few packs', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 700; i++) await fixture.write(`library/${i % 7}/${i}.xmp`, `sidecar ${i}`)
  const record = await fixture.backupWell()
  expect(record.changes).toMatchObject({ added: 702, storedContents: 701 })
  expect(keysIn(fixture.vault, 'packs')).toHaveLength(3)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})
