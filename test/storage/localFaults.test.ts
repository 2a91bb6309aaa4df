/* How the local backend meets disks that are full, read-only or broken: real ones, made for the test. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLocal } from '../../src/storage/local/local.ts'
import { UploadGoneError } from '../../src/storage/resumable.ts'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { collect, keysOf, pieces } from './streams.ts'

const kind = 'content' as const
const megabyte = 1024 * 1024

/** A file system in memory, mounted for a test. */
async function mounted(
  size: number,
): Promise<{ path: string; remount(option: string): Promise<void> } & AsyncDisposable> {
  const folder = await temporaryFolder()
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'safelight-test', folder.path])
  return {
    path: folder.path,
    remount: async (option) => void (await exec('mount', ['-o', `remount,${option}`, folder.path])),
    async [Symbol.asyncDispose]() {
      await exec('umount', [folder.path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe.skipIf(!(await mayMount()))('on a disk of 2 MB (skipped where mounting is not permitted)', () => {
  test('a full disk is told as such, and nothing half is left', async () => {
    await using disk = await mounted(2 * megabyte)
    const storage = await openLocal(disk.path)
    await storage.put('small', Buffer.from('bytes'), { kind })
    const full = {
      name: 'StorageError',
      transient: false,
      message: `no space left in ${disk.path}`,
      hint: expect.stringContaining('Make room'),
    }
    await expect(storage.put('large', randomBytes(3 * megabyte), { kind })).rejects.toMatchObject(full)
    const stream = pieces(randomBytes(3 * megabyte), 100_000)
    await expect(storage.upload('a/large', stream, { kind })).rejects.toMatchObject(full)
    expect(await readdir(join(disk.path, 'tmp'))).toEqual([])
    expect(await keysOf(storage.list(''))).toEqual(['small'])
    await storage.put('next', randomBytes(megabyte), { kind })
    expect(await keysOf(storage.list(''))).toEqual(['next', 'small'])
  })

  test.each([
    ['goes on when there is room again', megabyte / 4, megabyte],
    ['gives a piece back where the one that did not fit left too little', megabyte - 100_000, 0],
  ])('an upload that filled the disk %s, and the run can say how it ended', async (_, others, held) => {
    await using disk = await mounted(2 * megabyte)
    const storage = await openLocal(disk.path)
    const pieces = [randomBytes(megabyte), randomBytes(megabyte), randomBytes(7)]
    const options = { kind, size: 2 * megabyte + 7, pieceSize: megabyte }
    await writeFile(join(disk.path, 'something else'), randomBytes(others))
    const upload = await storage.resumable?.begin('a/large', options)
    const sending = async () => {
      for (const piece of pieces) await upload?.append(piece, {})
    }
    await expect(sending()).rejects.toMatchObject({ message: `no space left in ${disk.path}` })
    await storage.put('record', randomBytes(megabyte / 2), { kind })
    await rm(join(disk.path, 'something else'))
    await disk.remount('size=4m')
    const resumed = await (
      await openLocal(disk.path)
    ).resumable?.resume('a/large', upload?.token ?? '', options)
    expect(resumed?.held).toBe(held)
    for (const piece of pieces) await resumed?.append(piece, {})
    await resumed?.complete({})
    expect(Buffer.concat(pieces).equals(await collect(storage.read('a/large')))).toBe(true)
  })

  test('when the disk is unmounted, nothing is written to what lies below', async () => {
    await using folder = await temporaryFolder()
    await exec('mount', ['-t', 'tmpfs', 'safelight-test', folder.path])
    const before = await openLocal(folder.path)
    const busy = await openLocal(folder.path)
    await busy.put('a/b', Buffer.from('bytes'), { kind })
    const upload = await busy.resumable?.begin('a/large', { kind, size: 1, pieceSize: 1 })
    await exec('umount', [folder.path])
    await expect(before.put('a/c', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'UserError',
      message: `${folder.path} is no longer the folder that was opened`,
    })
    await expect(busy.put('a/c', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'StorageError',
      hint: 'Is the disk still mounted?',
    })
    await expect(upload?.append(Buffer.alloc(1), {})).rejects.toBeInstanceOf(UploadGoneError)
    expect(await readdir(folder.path)).toEqual([])
  })

  test('a read-only disk refuses writing, and reads on', async () => {
    await using disk = await mounted(2 * megabyte)
    await (await openLocal(disk.path)).put('a/b', Buffer.from('bytes'), { kind })
    await disk.remount('ro')
    const storage = await openLocal(disk.path)
    await expect(storage.put('a/c', Buffer.alloc(1), { kind })).rejects.toMatchObject({
      name: 'AccessDeniedError',
      hint: 'The file system is mounted read-only.',
    })
    expect(String(await collect(storage.read('a/b')))).toBe('bytes')
    expect(await keysOf(storage.list(''))).toEqual(['a/b'])
  })
})

describe('what reaches the disk, seen by strace', () => {
  /** Runs one put in a process of its own under strace; gives its system calls, and how the put went. */
  async function tracedPut(root: string, key: string, ...strace: string[]) {
    const log = join(root, '..', `${root.split('/').at(-1)}.strace`)
    const script = join(import.meta.dirname, 'putOnce.ts')
    const command = ['-f', '-y', '-qq', '-o', log, '-e', 'trace=fsync,link,mkdir,unlink', ...strace]
    try {
      const said = await exec('strace', [...command, process.execPath, script, root, key])
      return { said, calls: relevantCalls(await readFile(log, 'utf8'), root) }
    } finally {
      await exec('rm', ['-f', log])
    }
  }

  test('a file is whole there before it has its name, and each name before the put is done', async () => {
    await using folder = await temporaryFolder()
    const { said, calls } = await tracedPut(folder.path, 'a/b/key')
    expect(said).toBe('done\n')
    expect(calls).toEqual([
      'mkdir tmp',
      'fsync .',
      'fsync tmp/temporary',
      'mkdir a',
      'fsync .',
      'mkdir a/b',
      'fsync a',
      'link tmp/temporary a/b/key',
      'fsync a/b',
      'unlink tmp/temporary',
    ])
  })

  test('a second put makes the folders safe again, because nobody knows how the first one ended', async () => {
    await using folder = await temporaryFolder()
    await tracedPut(folder.path, 'a/key')
    const { calls } = await tracedPut(folder.path, 'a/other')
    expect(calls).toContain('fsync .')
    expect(calls.indexOf('fsync .')).toBeLessThan(calls.indexOf('link tmp/temporary a/other'))
  })

  test('a taken key is safe on the disk before it is called taken', async () => {
    await using folder = await temporaryFolder()
    await tracedPut(folder.path, 'a/key')
    const { said, calls } = await tracedPut(folder.path, 'a/key')
    expect(said).toBe('ObjectExistsError: a/key already exists\n')
    const linked = calls.findIndex((call) => call.startsWith('link'))
    expect(calls.indexOf('fsync a', linked)).toBeGreaterThan(linked)
  })

  test('a disk that can not keep the bytes fails the put, and nothing appears', async () => {
    await using folder = await temporaryFolder()
    await (await openLocal(folder.path)).put('a/first', Buffer.alloc(1), { kind })
    const { said } = await tracedPut(folder.path, 'a/key', '-e', 'inject=fsync:error=EIO')
    expect(said).toMatch(/^StorageError: .*EIO/)
    const storage = await openLocal(folder.path)
    expect(await keysOf(storage.list(''))).toEqual(['a/first'])
    expect(await readdir(join(folder.path, 'tmp'))).toEqual([])
  })

  test('a disk that can not keep the name fails the put, though the object is there whole', async () => {
    await using folder = await temporaryFolder()
    await (await openLocal(folder.path)).put('a/first', Buffer.alloc(1), { kind })
    const onFolder = ['-P', join(folder.path, 'a'), '-e', 'inject=fsync:error=EIO']
    const { said } = await tracedPut(folder.path, 'a/key', ...onFolder)
    expect(said).toMatch(/^StorageError: .*EIO/)
    const storage = await openLocal(folder.path)
    expect(String(await collect(storage.read('a/key')))).toBe('bytes')
  })
})

async function mayMount(): Promise<boolean> {
  try {
    await using disk = await mounted(megabyte)
    return disk.path !== ''
  } catch {
    return false
  }
}

/** The calls that touch the vault, with short names. */
function relevantCalls(log: string, root: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.includes(root) && !line.includes('resumed>'))
    .map((line) => {
      const call = /\b(fsync|link|mkdir|unlink)\(/.exec(line)?.[1] ?? '?'
      const paths = line.matchAll(/["<](\/[^">]*)[">]/g)
      const names = Array.from(paths, ([, path = '']) => path.slice(root.length + 1) || '.')
      return [call, ...names.map((name) => name.replace(/^tmp\/.+/, 'tmp/temporary'))].join(' ')
    })
}
