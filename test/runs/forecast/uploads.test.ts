import { expect, test } from 'vitest'
import { objectSize } from '../../../src/crypto/envelope.ts'
import { UploadForecast, type UploadWay } from '../../../src/runs/forecast/uploads.ts'
import { buildPack } from '../../../src/vault/pack.ts'

const mebibyte = 1024 * 1024
const s3: UploadWay = {
  partSize: 5 * mebibyte,
  looksFirst: false,
  resumable: { pieceUnit: 1, maxPieces: 10_000 },
}

function uploadOf(sizes: readonly number[], way = s3): UploadForecast {
  const uploads = new UploadForecast(way)
  for (const size of sizes) uploads.add(size)
  uploads.end()
  return uploads
}

test('small files share packs, which are as large as they really are', () => {
  const { content, requests } = uploadOf(Array.from({ length: 300 }, () => 1000))
  const bytes = Buffer.alloc(1000)
  const pack = (n: number) =>
    objectSize(
      buildPack(Array.from({ length: n }, () => ({ sha256: Buffer.alloc(32), bytes }))).plaintext.length,
    )
  expect(content).toEqual({
    objects: 2,
    bytes: pack(256) + pack(44),
    small: { objects: 1, bytes: pack(44) },
  })
  expect(requests.content).toEqual({ puts: 2, parts: 0, gets: 0, lists: 0 })
})

test('a photo is one create, a film of less than 64 MiB goes up in parts, a longer one leaves a note', () => {
  expect(uploadOf([8 * mebibyte]).requests.content).toMatchObject({ puts: 1, parts: 0 })
  const film = uploadOf([12 * mebibyte]).requests
  expect(film.content).toMatchObject({ puts: 1, parts: 1 + 3 })
  expect(film.index).toEqual({ puts: 0, parts: 0, gets: 0, lists: 0 })
  const long = uploadOf([64 * mebibyte]).requests
  expect(long.content).toMatchObject({ puts: 1, parts: 1 + 13 })
  expect(long.index).toEqual({ puts: 1, parts: 0, gets: 0, lists: 1 })
})

test('an upload has 10,000 parts at most', () => {
  expect(uploadOf([100 * 1000 * mebibyte]).requests.content.parts).toBe(10_001)
})

test('where a storage heeds no condition, it is asked before each create', () => {
  const way = { ...s3, looksFirst: true }
  expect(uploadOf([mebibyte, 70 * mebibyte], way).requests).toMatchObject({
    content: { puts: 2, gets: 2 },
    index: { puts: 1, gets: 1 },
  })
})

test('where nothing can be resumed, no notes are made', () => {
  const { content, index } = uploadOf([70 * mebibyte], { ...s3, resumable: undefined }).requests
  expect(content).toMatchObject({ puts: 1, parts: 1 + 15 })
  expect(index.puts).toBe(0)
})
