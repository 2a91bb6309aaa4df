import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkSize, saltSize } from '../../../src/crypto/cobblestone.ts'
import { leadSize, ObjectEncryptor, objectSize } from '../../../src/crypto/envelope.ts'
import { pieceSizeFor } from '../../../src/runs/backup/largeUpload.ts'
import { PieceWriter } from '../../../src/runs/backup/pieceWriter.ts'
import { UploadGoneError, type ResumableUpload } from '../../../src/storage/resumable.ts'
import { sha256 } from '../../../src/vault/objects.ts'

const key = { id: randomBytes(16), key: randomBytes(32) }
const salt = randomBytes(saltSize)
const { signal } = new AbortController()
const mebibyte = 1024 * 1024

/** An upload that does with each piece what it is told. */
function uploadTo(append: ResumableUpload['append']): ResumableUpload {
  return { token: '', held: 0, append, complete: async () => undefined, abandon: async () => undefined }
}

async function writeAll(upload: ResumableUpload, content: Buffer, partSize: number, pieceSize: number) {
  await using writer = new PieceWriter(upload, pieceSize, signal)
  const encryptor = new ObjectEncryptor(key, 'context', salt)
  await writer.write(encryptor.lead)
  for (let at = 0; at === 0 || at < content.length; at += partSize)
    await writer.seal(encryptor, content.subarray(at, at + partSize), at + partSize >= content.length)
  return { object: await writer.end(), gone: writer.gone }
}

test('pieces of whatever size make up the object, and its digest', async () => {
  const anySize = fc.record({
    size: fc.nat(20 * chunkSize),
    chunksInPart: fc.integer({ min: 1, max: 7 }),
    pieceSize: fc.integer({ min: 1000, max: 5 * chunkSize }),
  })
  await fc.assert(
    fc.asyncProperty(anySize, async ({ size, chunksInPart, pieceSize }) => {
      const content = randomBytes(size)
      const expected = Buffer.alloc(objectSize(size))
      const encryptor = new ObjectEncryptor(key, 'context', salt)
      expected.set(encryptor.lead)
      encryptor.seal(content, expected.subarray(leadSize), true)
      const pieces: Buffer[] = []
      const upload = uploadTo(async (piece) => {
        const before = Buffer.from(piece)
        await new Promise(setImmediate)
        // Nobody touched it while it was on its way.
        expect(before.equals(piece)).toBe(true)
        pieces.push(before)
      })
      const { object } = await writeAll(upload, content, chunksInPart * chunkSize, pieceSize)
      expect(Buffer.concat(pieces).equals(expected)).toBe(true)
      expect(pieces.slice(0, -1).every(({ length }) => length === pieceSize)).toBe(true)
      expect(object).toEqual({ size: expected.length, sha256: sha256(expected) })
    }),
    { numRuns: 60 },
  )
})

test('one piece is on its way at a time', async () => {
  let under = 0
  let most = 0
  const upload = uploadTo(async () => {
    most = Math.max(most, ++under)
    await new Promise(setImmediate)
    under -= 1
  })
  await writeAll(upload, randomBytes(10 * chunkSize), chunkSize, chunkSize)
  expect(most).toBe(1)
})

test('a piece that fails stops the writing', async () => {
  let pieces = 0
  const upload = uploadTo(async () => {
    if (++pieces === 3) throw new Error('no space left')
  })
  await expect(writeAll(upload, randomBytes(90 * chunkSize), chunkSize, chunkSize)).rejects.toThrow(
    'no space left',
  )
  expect(pieces).toBe(3)
})

test('when the upload is gone, the digest is told all the same', async () => {
  const content = randomBytes(10 * chunkSize)
  const whole = await writeAll(uploadTo(async () => undefined), content, chunkSize, chunkSize) // prettier-ignore
  let pieces = 0
  const upload = uploadTo(async () => {
    if (++pieces === 3) throw new UploadGoneError('a/b')
  })
  const { object, gone } = await writeAll(upload, content, chunkSize, chunkSize)
  expect(gone).toBeInstanceOf(UploadGoneError)
  expect(object).toEqual(whole.object)
  expect(pieces).toBe(3)
})

test('pieces grow with the object, so that the most that an upload takes are always enough', () => {
  const limits = fc.record({
    pieceUnit: fc.constantFrom(1, 1024, 256 * 1024),
    maxPieces: fc.constantFrom(1000, 10_000),
  })
  const usualSizes = fc.constantFrom(mebibyte, 5 * mebibyte, 8 * mebibyte)
  fc.assert(
    fc.property(fc.maxSafeNat(), usualSizes, limits, (size, usual, { pieceUnit, maxPieces }) => {
      const pieceSize = pieceSizeFor(size, usual, { pieceUnit, maxPieces })
      expect(pieceSize).toBeGreaterThanOrEqual(usual)
      expect(pieceSize % pieceUnit).toBe(0)
      expect(Math.ceil(size / pieceSize)).toBeLessThanOrEqual(maxPieces)
    }),
  )
})

test('50 GB go to S3 in pieces of 5 MiB, and 5 TB in pieces that it takes, too', () => {
  const s3 = { pieceUnit: 1, maxPieces: 10_000 }
  expect(pieceSizeFor(objectSize(50e9), 5 * mebibyte, s3)).toBe(5 * mebibyte)
  // S3's own limit for one part is 5 GiB.
  const pieceSize = pieceSizeFor(objectSize(5e12), 5 * mebibyte, s3)
  expect(pieceSize).toBeLessThan(501e6 + mebibyte)
  expect(Math.ceil(objectSize(5e12) / pieceSize)).toBeLessThanOrEqual(10_000)
})
