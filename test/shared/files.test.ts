import { chmod, mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFile, replaceFile } from '../../src/shared/files.ts'

test('a new file has the mode that was asked for, whatever the umask', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-files-'))
  const path = join(folder.path, 'new')
  await createFile(path, 'content', 0o666)
  expect((await stat(path)).mode & 0o777).toBe(0o666)
  expect(await readFile(path, 'utf8')).toBe('content')
})

test('an existing file is never created again', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-files-'))
  const path = join(folder.path, 'old')
  await writeFile(path, 'old')
  await expect(createFile(path, 'new', 0o600)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(path, 'utf8')).toBe('old')
})

test('a replaced file keeps its mode, and a reader that has it open sees the old content whole', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-files-'))
  const path = join(folder.path, 'file')
  await writeFile(path, 'old')
  await chmod(path, 0o604)
  const { ino } = await stat(path)
  await replaceFile(path, 'new')
  const after = await stat(path)
  expect(after.mode & 0o777).toBe(0o604)
  expect(after.ino).not.toBe(ino)
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(folder.path)).toEqual(['file'])
})

test('a file that is not there is not replaced, and nothing is left behind', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-files-'))
  await expect(replaceFile(join(folder.path, 'none'), 'new')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await readdir(folder.path)).toEqual([])
})
