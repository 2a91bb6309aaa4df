import { chmodSync, cpSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { libraryFolders } from '../../../src/immich/folders.ts'
import { isTemporaryName } from '../../../src/runs/restore/temporary.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'
import { backUp, createTestVault, type TestVault } from '../backedUp.ts'
import { makeOddLibrary } from './oddLibrary.ts'
import { restoreTo } from './restoring.ts'

let base: Awaited<ReturnType<typeof temporaryFolder>>
let library: string
let vault: TestVault
beforeAll(async () => {
  base = await temporaryFolder()
  library = join(base.path, 'library root')
  makeOddLibrary(library)
  vault = await createTestVault(base.path)
  await backUp(vault, library)
})
afterAll(async () => await base[Symbol.asyncDispose]())

/** What a restored media root has that the library had not: the other folders, and the markers. */
const immichs = /^(?:backups|thumbs|encoded-video|(?:[a-z-]+\/)\.immich)(?:\/\.immich)?$/

async function differences(to: string, ignoring: Parameters<typeof compareTrees>[2] = {}): Promise<string[]> {
  const restored = await describeTree(to)
  return compareTrees(
    (await describeTree(library)).filter(({ path }) => path !== ''),
    restored.filter(({ path }) => path !== '' && !immichs.test(path)),
    { mtimeTolerance: 999n, ...ignoring, ignoring: ['inode', 'ctime', ...(ignoring.ignoring ?? [])] },
  )
}

test('everything comes back: bytes, odd names, modes, owners, times to the microsecond, links', async () => {
  await using place = await temporaryFolder()
  const to = join(place.path, 'restored')
  const before = await describeTree(library)
  const { tally, root } = await restoreTo(vault, to)
  expect(tally.problems).toEqual([])
  expect(root).toBe(to)
  expect(await differences(to)).toEqual([])
  const files = before.filter(({ type }) => type === 'file')
  expect(tally.counts).toEqual({
    restored: files.length,
    already: 0,
    directories: before.filter(({ type, path }) => type === 'directory' && path !== '').length,
    symlinks: before.filter(({ type }) => type === 'symlink').length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    ownersNotSet: 0,
  })
  expect(compareTrees(before, await describeTree(library))).toEqual([])
})

test('the folder is a media root as Immich expects it: six folders, each with its marker', async () => {
  await using place = await temporaryFolder()
  const now = new Date('2026-07-20T02:00:00Z')
  mkdirSync(join(place.path, 'thumbs'))
  writeFileSync(join(place.path, 'thumbs', '.immich'), 'kept')
  await restoreTo(vault, place.path, { now: () => now })
  expect(readdirSync(place.path).sort()).toEqual([...libraryFolders].sort())
  for (const folder of libraryFolders) {
    const marker = readFileSync(join(place.path, folder, '.immich'), 'utf8')
    expect(marker).toBe(folder === 'thumbs' ? 'kept' : String(now.getTime()))
  }
  expect(lstatSync(join(place.path, 'encoded-video')).mode & 0o777).toBe(0o755)
})

test('a second restore finds everything there and writes nothing', async () => {
  await using place = await temporaryFolder()
  await restoreTo(vault, place.path)
  const once = await describeTree(place.path)
  const { tally } = await restoreTo(vault, place.path)
  expect(tally.problems).toEqual([])
  expect(tally.counts).toMatchObject({ restored: 0, symlinks: 0 })
  expect(compareTrees(once, await describeTree(place.path), { ignoring: ['ctime'] })).toEqual([])
})

test('leftovers of a restore that was killed are taken away, other hidden files are not', async () => {
  await using place = await temporaryFolder()
  mkdirSync(join(place.path, 'library'))
  const leftover = '.safelight-restore-0123456789abcdef-12'
  expect(isTemporaryName(leftover)).toBe(true)
  writeFileSync(join(place.path, 'library', leftover), 'half a photo')
  writeFileSync(join(place.path, 'library', '.safelight-restore-notes'), 'mine')
  await restoreTo(vault, place.path)
  expect(readdirSync(join(place.path, 'library'))).not.toContain(leftover)
  expect(readdirSync(join(place.path, 'library'))).toContain('.safelight-restore-notes')
})

describe('--path', () => {
  test('restores what fits, with its folders, and nothing else', async () => {
    await using place = await temporaryFolder()
    const { tally } = await restoreTo(vault, place.path, { path: 'library/{one,two}.jpg*' })
    expect(tally.counts).toMatchObject({ restored: 4, directories: 1, symlinks: 0 })
    expect(readdirSync(place.path)).toEqual(['library'])
    expect(readdirSync(join(place.path, 'library')).sort()).toEqual([
      'one.jpg',
      'one.jpg.xmp',
      'two.jpg',
      'two.jpg.xmp',
    ])
    expect(readFileSync(join(place.path, 'library/two.jpg'))).toEqual(
      readFileSync(join(library, 'library/one.jpg')),
    )
    const time = lstatSync(join(library, 'library')).mtimeMs
    expect(lstatSync(join(place.path, 'library')).mtimeMs).toBeCloseTo(time, 2)
  })

  test('a folder means all that is in it', async () => {
    await using place = await temporaryFolder()
    await restoreTo(vault, place.path, { path: '/profile/' })
    const all = await describeTree(place.path)
    const wanted = (await describeTree(library)).filter(({ path }) => /^profile(?:\/|$)/.test(path))
    expect(all.slice(1).map(({ path }) => path)).toEqual(wanted.map(({ path }) => path))
  })

  test('a pattern that is none is refused', async () => {
    await using place = await temporaryFolder()
    await expect(restoreTo(vault, place.path, { path: '/' })).rejects.toThrow('is empty')
    await expect(restoreTo(vault, place.path, { path: '[z-a]' })).rejects.toThrow('no valid pattern')
    await expect(restoreTo(vault, place.path, { path: 'libary' })).rejects.toThrow(
      'nothing in the snapshot fits',
    )
  })
})

describe('what is there already and differs', () => {
  /** A restored tree in which one file has other bytes, one another time, and one is a link. */
  async function changedTree(to: string): Promise<void> {
    await restoreTo(vault, to)
    writeFileSync(join(to, 'library/one.jpg'), 'mine')
    const xmp = join(to, 'library/one.jpg.xmp')
    writeFileSync(xmp, readFileSync(xmp).reverse())
  }

  test('stays by default, and is told', async () => {
    await using place = await temporaryFolder()
    await changedTree(place.path)
    const { tally } = await restoreTo(vault, place.path)
    expect(tally.problemCounts).toEqual({ kept: 2 })
    expect(tally.problems.map(({ path }) => path).sort()).toEqual(['library/one.jpg', 'library/one.jpg.xmp'])
    expect(readFileSync(join(place.path, 'library/one.jpg'), 'utf8')).toBe('mine')
  })

  test('is replaced with --overwrite changed, and only that', async () => {
    await using place = await temporaryFolder()
    await changedTree(place.path)
    const { tally } = await restoreTo(vault, place.path, { overwrite: 'changed' })
    expect(tally.problems).toEqual([])
    expect(tally.counts.restored).toBe(2)
    expect(await differences(place.path)).toEqual([])
  })

  test('with --overwrite always, everything is written anew', async () => {
    await using place = await temporaryFolder()
    await changedTree(place.path)
    const { tally } = await restoreTo(vault, place.path, { overwrite: 'always' })
    expect(tally.counts).toMatchObject({ already: 0 })
    expect(tally.counts.symlinks).toBe(3)
    expect(await differences(place.path)).toEqual([])
  })

  test('a folder is never replaced by a file', async () => {
    await using place = await temporaryFolder()
    mkdirSync(join(place.path, 'library/one.jpg'), { recursive: true })
    mkdirSync(join(place.path, 'library/link'))
    const { tally } = await restoreTo(vault, place.path, { overwrite: 'always' })
    expect(tally.problems.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
      'kept library/link',
      'kept library/one.jpg',
    ])
  })
})

describe('--content-only', () => {
  test('restores the bytes, and leaves owners, modes and times alone', async () => {
    await using place = await temporaryFolder()
    const start = Date.now() - 1000
    const { tally } = await restoreTo(vault, place.path, { contentOnly: true })
    expect(tally.problems).toEqual([])
    expect(await differences(place.path, { ignoring: ['mode', 'uid', 'gid', 'mtime'] })).toEqual([])
    const file = lstatSync(join(place.path, 'profile/program'))
    expect(file.mode & 0o7777).toBe(0o666 & ~process.umask())
    expect(file.mtimeMs).toBeGreaterThan(start)
  })

  test('goes on by the bytes of what is there, because times tell nothing', async () => {
    await using place = await temporaryFolder()
    await restoreTo(vault, place.path, { contentOnly: true })
    const file = join(place.path, 'upload/300000.bin')
    const right = readFileSync(file)
    writeFileSync(file, Buffer.from(right).fill(7, 1000, 1001))
    const kept = await restoreTo(vault, place.path, { contentOnly: true })
    expect(kept.tally.problems).toEqual([
      { path: 'upload/300000.bin', kind: 'kept', message: 'another file is there, and stays' },
    ])
    expect(kept.tally.counts.restored).toBe(0)
    const replaced = await restoreTo(vault, place.path, { contentOnly: true, overwrite: 'changed' })
    expect(replaced.tally.counts.restored).toBe(1)
    expect(readFileSync(file)).toEqual(right)
  })
})

test('an older snapshot brings the library back as it was', async () => {
  await using place = await temporaryFolder()
  const changing = join(place.path, 'changing')
  cpSync(library, changing, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  const other = await createTestVault(place.path)
  await backUp(other, changing)
  const before = await describeTree(changing)
  writeFileSync(join(changing, 'library/one.jpg'), 'edited')
  chmodSync(join(changing, 'upload/1.bin'), 0o600)
  writeFileSync(join(changing, 'upload/new.bin'), 'new')
  await backUp(other, changing)
  const to = join(place.path, 'to')
  const { tally } = await restoreTo(other, to, { snapshot: '1' })
  expect(tally.problems).toEqual([])
  const restored = (await describeTree(to)).filter(({ path }) => path !== '' && !immichs.test(path))
  expect(
    compareTrees(
      before.filter(({ path }) => path !== ''),
      restored,
      { ignoring: ['inode', 'ctime'], mtimeTolerance: 999n },
    ),
  ).toEqual([])
})
