import { mkdtempDisposable, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generateBulk } from './bulk.ts'
import { compareTrees, describeTree } from './tree.ts'

async function files(root: string) {
  return (await describeTree(root)).filter((entry) => entry.type === 'file')
}

test('files have the asked number and size, and no two are alike', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-bulk-'))
  await generateBulk({ root: folder.path, files: 50, bytes: 2_500_000 })
  const found = await files(folder.path)
  expect(found).toHaveLength(50)
  expect(new Set(found.map((entry) => entry.size))).toEqual(new Set([2_500_000]))
  expect(new Set(found.map((entry) => entry.sha256)).size).toBe(50)
})

test('the layout is that of uploads', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-bulk-'))
  const user = await generateBulk({ root: folder.path, files: 20, bytes: 0, extension: 'mp4' })
  expect((await stat(join(folder.path, user))).isDirectory()).toBe(true)
  for (const { path, size } of await files(folder.path)) {
    expect(path).toMatch(/^upload\/[0-9a-f-]{36}\/(..)\/(..)\/\1\2[0-9a-f-]{32}\.mp4$/)
    expect(size).toBe(0)
  }
})

test('contents do not compress', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-bulk-'))
  await generateBulk({ root: folder.path, files: 1, bytes: 300_000 })
  for (const { path } of await files(folder.path)) {
    expect(gzipSync(await readFile(join(folder.path, path))).length).toBeGreaterThan(300_000)
  }
})

test('a seed repeats names and contents; another gives others', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-bulk-'))
  const make = async (name: string, seed: number) => {
    await generateBulk({ root: join(folder.path, name), files: 5, bytes: 1000, seed })
    return files(join(folder.path, name))
  }
  const first = await make('first', 7)
  const again = await make('again', 7)
  const other = await make('other', 8)
  expect(compareTrees(first, again, { ignoring: ['mtime', 'ctime', 'inode'] })).toEqual([])
  expect(other.map((entry) => entry.sha256)).not.toContain(first[0]?.sha256)
})
