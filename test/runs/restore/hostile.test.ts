import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'
import { backUp, createTestVault } from '../backedUp.ts'
import { commitByHand } from '../handmade.ts'
import { restoreTo } from './restoring.ts'

const evil = Buffer.from('evil')

test('no name in a manifest leads outside of the folder', async () => {
  await using place = await temporaryFolder()
  const vault = await createTestVault(place.path)
  const outside = join(place.path, 'outside')
  await commitByHand(vault, [
    { directory: '', name: '..', bytes: evil },
    { directory: '..', name: 'outside', bytes: evil },
    { directory: 'library/../../outside', name: 'a', bytes: evil },
    { directory: 'library', name: '../../outside', bytes: evil },
    { directory: '', name: outside, bytes: evil },
    { directory: '/tmp', name: 'x', bytes: evil },
    { directory: 'library', name: '.', bytes: evil },
    { directory: 'library', name: '', bytes: evil },
    { directory: 'library', name: 'nul\0', bytes: evil },
    { directory: 'nul\0', name: 'x', bytes: evil },
    { directory: '..', name: 'folder' },
    { directory: 'library/..', name: 'link', target: 'x' },
    { directory: 'library', name: 'good', bytes: Buffer.from('good') },
  ])
  const to = join(place.path, 'a/b/restored')
  const before = await describeTree(place.path)
  const { tally } = await restoreTo(vault, to)
  expect(tally.problemCounts).toEqual({ unsafe: 12 })
  expect(tally.counts.restored).toBe(1)
  expect(readFileSync(join(to, 'library/good'), 'utf8')).toBe('good')
  const after = (await describeTree(place.path)).filter(({ path }) => !/^a(?:\/|$)/.test(path))
  expect(compareTrees(before, after, { ignoring: ['ctime', 'mtime'] })).toEqual([])
  expect(readdirSync(join(place.path, 'a/b'))).toEqual(['restored'])
})

test('nothing is written through a link that lies in the folder already', async () => {
  await using place = await temporaryFolder()
  const vault = await createTestVault(place.path)
  await commitByHand(vault, [
    { directory: '', name: 'library' },
    { directory: 'library/alice', name: 'photo', bytes: evil },
    { directory: 'library', name: 'file', bytes: evil },
    { directory: 'library', name: 'alice' },
  ])
  const outside = join(place.path, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'target'), 'mine')
  const to = join(place.path, 'to')
  mkdirSync(join(to, 'library'), { recursive: true })
  symlinkSync(outside, join(to, 'library/alice'))
  symlinkSync(join(outside, 'target'), join(to, 'library/file'))
  const before = await describeTree(outside)
  const { tally } = await restoreTo(vault, to, { overwrite: 'always' })
  expect(tally.problems.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
    'unsafe library/alice',
    'unsafe library/alice/photo',
  ])
  expect(compareTrees(before, await describeTree(outside))).toEqual([])
  expect(lstatSync(join(to, 'library/file')).isFile()).toBe(true)
  expect(readFileSync(join(to, 'library/file'))).toEqual(evil)
})

test('a link of the snapshot itself never leads its files elsewhere', async () => {
  await using place = await temporaryFolder()
  const vault = await createTestVault(place.path)
  const outside = join(place.path, 'outside')
  mkdirSync(outside)
  await commitByHand(vault, [
    { directory: 'library', name: 'trap', target: outside },
    { directory: 'library/trap', name: 'x', bytes: evil },
  ])
  const to = join(place.path, 'to')
  for (let again = 0; again < 2; again++) {
    const { tally } = await restoreTo(vault, to, { overwrite: 'always' })
    expect(tally.problems).toEqual([
      { path: 'library/trap', kind: 'kept', message: 'a folder is in its place' },
    ])
  }
  expect(readdirSync(outside)).toEqual([])
})

test('a file and a folder of one name, and one name twice, harm nothing else', async () => {
  await using place = await temporaryFolder()
  const vault = await createTestVault(place.path)
  await commitByHand(vault, [
    { directory: 'library', name: 'both', bytes: evil },
    { directory: 'library/both', name: 'x', bytes: Buffer.from('inside') },
    { directory: 'library', name: 'a/b', bytes: Buffer.from('one') },
    { directory: 'library/a', name: 'b', bytes: Buffer.from('other') },
    { directory: 'library', name: 'good', bytes: Buffer.from('good') },
  ])
  const to = join(place.path, 'to')
  const { tally } = await restoreTo(vault, to)
  expect(readFileSync(join(to, 'library/good'), 'utf8')).toBe('good')
  expect(['one', 'other']).toContain(readFileSync(join(to, 'library/a/b'), 'utf8'))
  expect(tally.problems.every(({ path }) => path.startsWith('library/both'))).toBe(true)
})

test.for([
  ['the library itself', (library: string) => library],
  ['a folder inside of it', (library: string) => join(library, 'library/new/deeper')],
  ['a link to it', (library: string) => join(library, '../link')],
  ['a folder whose library/ is it', (library: string) => join(library, '../around')],
] as const)('a restore to %s is refused, and nothing is made', async ([, toOf]) => {
  await using place = await temporaryFolder()
  const library = join(place.path, 'media')
  mkdirSync(join(library, 'library'), { recursive: true })
  symlinkSync(library, join(place.path, 'link'))
  mkdirSync(join(place.path, 'around'))
  symlinkSync(library, join(place.path, 'around/library'))
  const vault = await createTestVault(place.path)
  await backUp(vault, library, {})
  const before = await describeTree(place.path)
  const restoring = restoreTo(vault, toOf(library), {
    protectedFolders: [{ path: library, name: 'the library' }],
  })
  await expect(restoring).rejects.toThrow('would write into the library')
  expect(compareTrees(before, await describeTree(place.path), { ignoring: ['mtime', 'ctime'] })).toEqual([])
})
