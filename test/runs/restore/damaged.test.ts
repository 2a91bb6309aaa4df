import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leadSize } from '../../../src/crypto/envelope.ts'
import { sealedChunkSize } from '../../../src/crypto/cobblestone.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { describeTree } from '../../support/tree.ts'
import { backUp, createTestVault, type TestVault } from '../backedUp.ts'
import { makeOddLibrary } from './oddLibrary.ts'
import { restoreTo } from './restoring.ts'

let base: Awaited<ReturnType<typeof temporaryFolder>>
let library: string
let original: TestVault
let files: number
beforeAll(async () => {
  base = await temporaryFolder()
  library = join(base.path, 'media')
  makeOddLibrary(library)
  original = await createTestVault(base.path)
  await backUp(original, library)
  files = (await describeTree(library)).filter(({ type }) => type === 'file').length
})
afterAll(async () => await base[Symbol.asyncDispose]())

/** A copy of the vault to damage, and the keys below a prefix, largest objects first. */
async function copyOfVault() {
  const place = await temporaryFolder()
  const path = join(place.path, 'vault')
  cpSync(original.path, path, { recursive: true })
  const keysBelow = (prefix: string): string[] =>
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((key) => key.startsWith(prefix) && /[/-][0-9a-f]+$/.test(key) && !/^objects\/..$/.test(key))
      .sort((a, b) => readFileSync(join(path, b)).length - readFileSync(join(path, a)).length)
  const change = (key: string, edit: (bytes: Buffer) => Buffer): void => {
    chmodSync(join(path, key), 0o644)
    writeFileSync(join(path, key), edit(readFileSync(join(path, key))))
  }
  return {
    vault: { ...original, path, storage: { type: 'local' as const, path } },
    path,
    to: join(place.path, 'to'),
    keysBelow,
    change,
    [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose](),
  }
}

function flipped(at: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    return bytes
  }
}

test('a damaged, a truncated, a swapped and a missing object are told, and all others restored', async () => {
  await using copy = await copyOfVault()
  const [largest = '', second = '', third = '', fourth = '', fifth = ''] = copy.keysBelow('objects/')
  copy.change(largest, flipped(leadSize + 100 * sealedChunkSize))
  copy.change(second, (bytes) => bytes.subarray(0, -16))
  renameSync(join(copy.path, third), join(copy.path, 'third'))
  renameSync(join(copy.path, fourth), join(copy.path, third))
  renameSync(join(copy.path, 'third'), join(copy.path, fourth))
  if (fifth) rmSync(join(copy.path, fifth))
  const { tally } = await restoreTo(copy.vault, copy.to)
  const kinds = tally.problems.map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(fifth ? ['damaged', 'missing'] : ['damaged']))
  const bad = new Set(tally.problems.map(({ path }) => path))
  expect(bad.has('upload/3000001.bin')).toBe(true)
  expect(tally.counts.restored).toBe(files - bad.size)
  for (const path of bad) expect(existsSync(join(copy.to, path))).toBe(false)
})

test('all paths of a content that is lost are told', async () => {
  await using copy = await copyOfVault()
  const photo = copy.keysBelow('objects/').find((key) => {
    const size = readFileSync(join(copy.path, key)).length
    return size > 700_000 && size < 710_000
  })
  copy.change(photo ?? '', flipped(5))
  const { tally } = await restoreTo(copy.vault, copy.to)
  expect(tally.problems.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
    'damaged library/one.jpg',
    'damaged library/three.jpg',
    'damaged library/two.jpg',
  ])
})

test('a damaged chunk of a pack takes only the files that it touches', async () => {
  await using copy = await copyOfVault()
  const [pack = ''] = copy.keysBelow('packs/')
  copy.change(pack, flipped(leadSize + 2 * sealedChunkSize + 10))
  const { tally } = await restoreTo(copy.vault, copy.to)
  expect(tally.problemCount).toBeGreaterThan(0)
  expect(tally.problemCount).toBeLessThan(5)
  expect(tally.counts.restored).toBe(files - tally.problemCount)
  expect(new Set(tally.problems.map(({ kind }) => kind))).toEqual(new Set(['damaged']))
})

test('a data key that was exchanged takes what is under it, in words that say so', async () => {
  await using copy = await copyOfVault()
  const key = readdirSync(join(copy.path, 'keys')).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? ''
  copy.change(join('keys', key, '1.age'), flipped(60))
  const { tally } = await restoreTo(copy.vault, copy.to)
  expect(tally.problemCounts).toEqual({ locked: files })
  expect(tally.problems[0]?.message).toContain(`does not open the data key ${key}`)
})

test('a file that was damaged and is whole again comes with the next restore', async () => {
  await using copy = await copyOfVault()
  const [largest = ''] = copy.keysBelow('objects/')
  copy.change(largest, flipped(1000))
  await restoreTo(copy.vault, copy.to)
  copy.change(largest, flipped(1000))
  const { tally } = await restoreTo(copy.vault, copy.to)
  expect(tally.problems).toEqual([])
  expect(tally.counts.restored).toBe(1)
  expect(readFileSync(join(copy.to, 'upload/3000001.bin'))).toEqual(
    readFileSync(join(library, 'upload/3000001.bin')),
  )
})
