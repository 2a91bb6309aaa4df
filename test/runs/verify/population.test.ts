import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { objectSize } from '../../../src/crypto/envelope.ts'
import { Manifest } from '../../../src/manifest/manifest.ts'
import { Population } from '../../../src/runs/verify/population.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

const size = 1000
const large = 1_000_000
const january = new Date('2026-01-01T00:00:00Z')
const february = new Date('2026-02-01T00:00:00Z')
const march = new Date('2026-03-01T00:00:00Z')

let stack: AsyncDisposableStack
let population: Population
let manifestFile: string
let ids: Buffer[]

/** Ten objects, the first five of them of snapshot 1, the others of snapshot 2. */
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryFolder())
  manifestFile = join(path, 'manifest.sqlite')
  const manifest = new Manifest(manifestFile)
  const dataKey = manifest.addDataKey(randomBytes(16), { size: 1, sha256: randomBytes(32) }, 1)
  ids = Array.from({ length: 10 }, (_, i) => {
    const ciphertextSha256 = randomBytes(32)
    manifest.addContent({ sha256: randomBytes(32), size, dataKey, ciphertextSha256 }, i < 5 ? 1 : 2)
    return ciphertextSha256.subarray(0, 8)
  })
  manifest.close()
  population = stack.use(new Population(join(path, 'population.sqlite')))
  population.addChain(0, manifestFile)
})
afterEach(async () => await stack.disposeAsync())

/** Adds an object of `large` bytes to those of the chain. @returns its id. */
function addLargeObject(): Buffer {
  const manifest = new Manifest(manifestFile)
  const ciphertextSha256 = randomBytes(32)
  manifest.addContent({ sha256: randomBytes(32), size: large, dataKey: 1, ciphertextSha256 }, 2)
  manifest.close()
  population.addChain(0, manifestFile)
  return ciphertextSha256.subarray(0, 8)
}

function chosen(limit: number): Set<string> {
  population.choose('read', limit, Number.POSITIVE_INFINITY)
  return new Set(Array.from(population.chosen(), ({ id }) => id.toString('hex')))
}

function named(list: readonly Buffer[]): Set<string> {
  return new Set(list.map((id) => id.toString('hex')))
}

test('an object that two chains know is there once', () => {
  expect(population.size).toBe(10)
  expect(population.addChain(1, manifestFile)).toBe(0)
  expect(population.size).toBe(10)
})

describe('the choice', () => {
  test('falls on those that were never checked, then on those of long ago', () => {
    population.recall(ids.slice(0, 3), 'read', march)
    population.recall(ids.slice(3, 6), 'read', january)
    expect(chosen(4)).toEqual(named(ids.slice(6)))
    expect(chosen(7)).toEqual(named(ids.slice(3)))
  })

  test('falls first of all on those that were bad', () => {
    population.recall([ids[9] ?? Buffer.alloc(8)], 'read', 'bad')
    expect(chosen(1)).toEqual(named(ids.slice(9)))
  })

  test('is random where they tie', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 300 && seen.size < 10; i++) for (const id of chosen(1)) seen.add(id)
    expect(seen).toEqual(named(ids))
  })

  test('says out of how many the random part was drawn', () => {
    population.recall(ids.slice(0, 6), 'read', january)
    expect(population.choose('read', 7, Number.POSITIVE_INFINITY)).toMatchObject({
      objects: 7,
      drawn: { objects: 3, from: 6 },
    })
  })

  test('ends before the first object that is too much', () => {
    const bytes = 3 * objectSize(size)
    expect(population.choose('read', 10, bytes)).toMatchObject({ objects: 3, bytes, endedByBytes: true })
    expect([...population.chosen()]).toHaveLength(3)
    expect(population.choose('read', 10, bytes - 1)).toMatchObject({ objects: 2, endedByBytes: true })
    expect(population.choose('read', 3, bytes)).toMatchObject({ objects: 3, endedByBytes: false })
  })

  test('passes over what is too much by itself, however long ago it was checked', () => {
    population.recall(ids.slice(0, 9), 'read', january)
    const video = addLargeObject()
    const limit = 3 * objectSize(size)
    expect(population.choose('read', 3, limit)).toEqual({
      objects: 3,
      bytes: limit,
      endedByBytes: false,
      tooLarge: 1,
      drawn: { objects: 2, from: 9 },
    })
    expect(named(Array.from(population.chosen(), ({ id }) => id))).not.toContain(video.toString('hex'))
    expect(population.choose('read', 3, objectSize(large))).toMatchObject({ tooLarge: 0 })
  })
})

describe('what earlier verifications found', () => {
  test('is told newest first, and the newest stands', () => {
    population.recall(ids.slice(0, 1), 'read', 'bad')
    population.recall(ids.slice(1, 2), 'read', march)
    population.recallUpTo(0, 1, 'read', february)
    population.recall(ids, 'read', january)
    expect(population.coverage('read', march)).toEqual({
      objects: 10,
      never: 1,
      since: january.toISOString(),
      recent: 9,
    })
  })

  test('an object that was bad is not made good by an older check of another kind', () => {
    population.recall(ids.slice(0, 1), 'read', 'bad')
    population.recall(ids, 'stored', january)
    expect(population.coverage('stored', march).never).toBe(1)
  })

  test('an object that was bad may be good again since', () => {
    population.recall(ids.slice(0, 1), 'stored', march)
    population.recall(ids.slice(0, 1), 'read', 'bad')
    expect(population.coverage('stored', march).never).toBe(9)
    expect(population.coverage('read', march).never).toBe(10)
  })

  test('reading back counts as comparing checksums, and not the other way round', () => {
    population.recall(ids, 'read', january)
    population.recall(ids, 'stored', march)
    expect(population.coverage('stored', march)).toMatchObject({ never: 0, since: january.toISOString() })
  })

  test('gives way to what this verification finds', () => {
    population.recall(ids, 'read', january)
    population.mark(ids.slice(0, 2), 'read', march)
    population.mark(ids.slice(2, 3), 'read', 'bad')
    expect(population.coverage('read', march)).toMatchObject({ never: 1, since: january.toISOString() })
    expect(population.coverage('read', new Date('2026-05-15T00:00:00Z')).recent).toBe(2)
  })
})

test('the days of the last checks are told, bad and never checked objects and those of over a year ago are not', () => {
  const longAgo = new Date('2025-02-01T00:00:00Z')
  population.recall(ids.slice(3, 6), 'stored', march)
  population.recall(ids.slice(6, 8), 'read', march)
  population.recall(ids.slice(7, 9), 'read', 'bad')
  population.recall(ids.slice(1, 4), 'read', january)
  population.recall(ids.slice(0, 1), 'read', longAgo)
  const now = new Date('2026-03-10T12:00:00Z')
  expect(population.checkedOnDays('read', now)).toEqual([
    ['2026-01-01', 3],
    ['2026-03-01', 2],
  ])
  expect(population.checkedOnDays('stored', now)).toEqual([
    ['2026-01-01', 2],
    ['2026-03-01', 5],
  ])
})
