import {
  appendFile,
  chmod,
  mkdir,
  mkdtempDisposable,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fsPath } from '../../src/shared/bytePath.ts'
import { compareTrees, describeTree } from './tree.ts'

const notText = 'caf\udce9.jpg'

async function smallTree() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'safelight-tree-'))
  const at = (path: string) => fsPath(`${folder.path}/${path}`)
  await mkdir(at('empty'))
  await mkdir(at('photos'))
  await writeFile(at('photos/a.jpg'), 'one')
  await writeFile(at(`photos/${notText}`), 'two', { mode: 0o600 })
  await symlink('a.jpg', at('photos/link'))
  return { root: folder.path, at, [Symbol.asyncDispose]: () => folder.remove() }
}

test('a listing tells every entry, names that are no text included', async () => {
  await using tree = await smallTree()
  const entries = await describeTree(tree.root)
  expect(entries.map(({ path, type }) => [path, type])).toEqual([
    ['', 'directory'],
    ['empty', 'directory'],
    ['photos', 'directory'],
    ['photos/a.jpg', 'file'],
    [`photos/${notText}`, 'file'],
    ['photos/link', 'symlink'],
  ])
  expect(entries[4]).toMatchObject({ mode: 0o600, size: 3, sha256: hash('sha256', 'two') })
  expect(entries[5]?.target).toBe('a.jpg')
})

test('looking at a tree leaves it as it was', async () => {
  await using tree = await smallTree()
  expect(compareTrees(await describeTree(tree.root), await describeTree(tree.root))).toEqual([])
})

describe('a difference is told', () => {
  type Tree = Awaited<ReturnType<typeof smallTree>>
  const changes: [string, (tree: Tree) => Promise<void>, RegExp][] = [
    ['a longer file', ({ at }) => appendFile(at('photos/a.jpg'), '!'), /a\.jpg: size was 3, is 4/],
    ['other bytes of the same size', ({ at }) => writeFile(at('photos/a.jpg'), 'ONE'), /a\.jpg: sha256 was/],
    ['a mode', ({ at }) => chmod(at(`photos/${notText}`), 0o640), /caf\\xe9\.jpg: mode was 600, is 640/],
    ['a time', ({ at }) => utimes(at('empty'), 1, 1.5), /empty: mtime was \d+, is 1500000000/],
    ['a missing file', ({ at }) => rm(at('photos/a.jpg')), /a\.jpg: missing/],
    ['a missing folder', ({ at }) => rm(at('empty'), { recursive: true }), /empty: missing/],
    ['a new file', ({ at }) => writeFile(at('new'), ''), /new: new/],
    ['a new name', ({ at }) => rename(at('empty'), at('void')), /void: new/],
    [
      'a link that points elsewhere',
      async ({ at }) => {
        await rm(at('photos/link'))
        await symlink('b.jpg', at('photos/link'))
      },
      /link: target was a\.jpg, is b\.jpg/,
    ],
    [
      'a file in place of a folder',
      async ({ at }) => {
        await rm(at('empty'), { recursive: true })
        await writeFile(at('empty'), '')
      },
      /empty: type was directory, is file/,
    ],
  ]
  test.each(changes)('%s', async (_name, change, line) => {
    await using tree = await smallTree()
    const before = await describeTree(tree.root)
    await change(tree)
    expect(compareTrees(before, await describeTree(tree.root))).toContainEqual(expect.stringMatching(line))
  })
})

test('what is to be ignored is ignored, and times within the tolerance are equal', async () => {
  await using tree = await smallTree()
  await utimes(tree.at('empty'), 1, 2)
  const before = await describeTree(tree.root)
  await utimes(tree.at('empty'), 1, 2.000001)
  const after = await describeTree(tree.root)
  expect(compareTrees(before, after, { ignoring: ['ctime', 'mtime'] })).toEqual([])
  expect(compareTrees(before, after, { ignoring: ['ctime'], mtimeTolerance: 2000n })).toEqual([])
  expect(compareTrees(before, after, { ignoring: ['ctime'], mtimeTolerance: 500n })).toHaveLength(1)
})
