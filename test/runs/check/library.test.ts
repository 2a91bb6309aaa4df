import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { libraryFolders, type LibraryFolder } from '../../../src/immich/folders.ts'
import { checkLibrary } from '../../../src/runs/check/library.ts'
import { checkSource } from '../../../src/runs/check/source.ts'
import { asNobody } from '../../support/asNobody.ts'
import { exec } from '../../support/exec.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

/** A media root of Immich's, as it is after its first start, with some photos. */
async function mediaRoot() {
  const folder = await temporaryFolder()
  await chmod(folder.path, 0o755)
  for (const name of libraryFolders) {
    await mkdir(join(folder.path, name))
    await writeFile(join(folder.path, name, '.immich'), '1')
  }
  for (const user of ['ada', 'bob']) {
    await mkdir(join(folder.path, 'upload', user))
    for (const n of [1, 2, 3]) await writeFile(join(folder.path, 'upload', user, `${n}.jpg`), 'photo')
  }
  return folder
}

async function check(library: string, changes: { include?: LibraryFolder[]; ignore?: string[] } = {}) {
  const usual: LibraryFolder[] = ['library', 'upload', 'profile', 'backups']
  return await Array.fromAsync(checkLibrary({ library, include: usual, ignore: [], ...changes }))
}

test("Immich's media root is good, and some of its files were read", async () => {
  await using root = await mediaRoot()
  expect(await check(root.path)).toEqual([
    { what: 'library', result: 'good', detail: root.path },
    { what: 'readable files', result: 'good', detail: expect.stringMatching(/^all that were tried, \d+ at/) },
  ])
})

test('a read-only mount is told', async () => {
  await using root = await mediaRoot()
  await using mount = await temporaryFolder()
  await exec('mount', ['--bind', root.path, mount.path])
  try {
    await exec('mount', ['-o', 'remount,bind,ro', mount.path])
    const [finding] = await check(mount.path)
    expect(finding?.detail).toBe(`${mount.path}, mounted read-only`)
  } finally {
    await exec('umount', [mount.path])
  }
})

describe('what is no library', () => {
  test('a folder that is not there', async () => {
    await using root = await temporaryFolder()
    await expect(check(join(root.path, 'gone'))).rejects.toThrow(`there is no folder ${root.path}/gone`)
    await writeFile(join(root.path, 'file'), '')
    await expect(check(join(root.path, 'file'))).rejects.toThrow(`${root.path}/file is no folder`)
  })

  test('a folder with something else in it', async () => {
    await using root = await temporaryFolder()
    await expect(check(root.path)).rejects.toMatchObject({
      message: expect.stringContaining("is not Immich's media root: it has none of library, upload"),
      hint: expect.stringContaining('UPLOAD_LOCATION'),
    })
  })

  test('one of its folders, and the one that was meant is told', async () => {
    await using root = await mediaRoot()
    await rm(join(root.path, 'library/.immich'))
    await expect(check(join(root.path, 'library'))).rejects.toMatchObject({
      hint: `Set \`library: ${root.path}\`, the folder around it.`,
    })
  })
})

test('a folder that is to be backed up and is not there is bad; one that is not to be is no matter', async () => {
  await using root = await mediaRoot()
  await rm(join(root.path, 'thumbs'), { recursive: true })
  expect((await check(root.path))[0]?.result).toBe('good')
  expect(await check(root.path, { include: ['upload', 'thumbs'] })).toMatchObject([
    { what: 'library', result: 'bad', detail: `${root.path} has no thumbs` },
  ])
})

test('a folder that is empty and has no marker may be a disk that is not mounted', async () => {
  await using root = await mediaRoot()
  await rm(join(root.path, 'library/.immich'))
  await rm(join(root.path, 'upload/.immich'))
  expect((await check(root.path))[0]).toEqual({
    what: 'library',
    result: 'weak',
    detail: `${root.path}; there is no .immich in library, upload`,
    remedy: expect.stringContaining('a disk that is not mounted'),
  })
})

describe('files that can not be read', () => {
  test('are bad, with an example', async () => {
    await using root = await mediaRoot()
    for (const n of [1, 2, 3]) await chmod(join(root.path, `upload/bob/${n}.jpg`), 0o600)
    const [, files] = await asNobody(async () => await check(root.path))
    expect(files).toMatchObject({
      result: 'bad',
      detail: expect.stringMatching(/can't be read, such as .*\/upload\/bob\/\d\.jpg \(EACCES\)$/),
      remedy: expect.stringContaining('as root'),
    })
  })

  test('are bad when a whole folder is closed', async () => {
    await using root = await mediaRoot()
    await chmod(join(root.path, 'upload/ada'), 0o700)
    const [, files] = await asNobody(async () => await check(root.path))
    expect(files?.detail).toContain('/upload/ada (EACCES)')
  })

  test('are no matter where they are ignored', async () => {
    await using root = await mediaRoot()
    await chmod(join(root.path, 'upload/ada'), 0o700)
    const [, files] = await asNobody(async () => await check(root.path, { ignore: ['ada/**', 'ada'] }))
    expect(files?.result).toBe('good')
  })
})

test('a name that is no UTF-8 is found again', async () => {
  await using root = await temporaryFolder()
  await writeFile(Buffer.concat([Buffer.from(`${root.path}/caf`), Buffer.from([0xe9])]), 'x')
  expect(await Array.fromAsync(checkSource({ name: 'dam', path: root.path, priority: 50 }, []))).toEqual([
    { what: 'source dam', result: 'good', detail: 'all that were tried, 1 at random' },
  ])
})
