import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTemporaryName } from '../../../src/runs/restore/temporary.ts'
import { exec } from '../../support/exec.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'
import { unprivilegedAccount } from '../../support/unprivileged.ts'
import { backUp, createTestVault, type TestVault } from '../backedUp.ts'
import { makeOddLibrary } from './oddLibrary.ts'
import { program, run, writeConfiguration } from './process.ts'
import { restoreTo } from './restoring.ts'

const isRoot = process.getuid?.() === 0
let base: Awaited<ReturnType<typeof temporaryFolder>>
let library: string
let vault: TestVault
beforeAll(async () => {
  base = await temporaryFolder()
  library = join(base.path, 'media')
  makeOddLibrary(library)
  vault = await createTestVault(base.path)
  await backUp(vault, library)
})
afterAll(async () => await base[Symbol.asyncDispose]())

/** A file system of its own, so small. */
async function smallFileSystem(bytes: number, options = '') {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'small')
  mkdirSync(path)
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${bytes}${options}`, 'tmpfs', path])
  return {
    path,
    async [Symbol.asyncDispose]() {
      await exec('umount', [path])
      await folder[Symbol.asyncDispose]()
    },
  }
}

test.runIf(isRoot)('a disk without enough room is refused before anything is written', async () => {
  await using small = await smallFileSystem(4 << 20)
  await expect(restoreTo(vault, small.path)).rejects.toThrow(/needs 0\.006 GB in .*, and 0\.004 GB are free/)
  expect((await describeTree(small.path)).length).toBe(1)
})

test.runIf(isRoot)('what is there already needs no room', async () => {
  await using small = await smallFileSystem(7 << 20)
  await restoreTo(vault, small.path)
  const { tally } = await restoreTo(vault, small.path)
  expect(tally.counts.restored).toBe(0)
})

test.runIf(isRoot)(
  'a disk that fills up ends the restore with a clear word, and it goes on later',
  async () => {
    await using small = await smallFileSystem(7 << 20, ',nr_inodes=20')
    await expect(restoreTo(vault, small.path)).rejects.toThrow('no space is left for')
    const names = readdirSync(small.path, { recursive: true, encoding: 'utf8' })
    expect(names.filter((name) => isTemporaryName(name.slice(name.lastIndexOf('/') + 1)))).toEqual([])
    await exec('mount', ['-o', 'remount,nr_inodes=200', small.path])
    const { tally } = await restoreTo(vault, small.path)
    expect(tally.problems).toEqual([])
    expect(tally.counts.already).toBeGreaterThan(0)
  },
)

test.runIf(isRoot)('without root, bytes, modes and times come back, and owners are counted', async () => {
  await using place = await temporaryFolder()
  const account = await unprivilegedAccount()
  const config = await writeConfiguration(vault, place.path)
  const to = join(place.path, 'to')
  account.own(place.path)
  account.own(join(place.path, 'identity'))
  chmodSync(place.path, 0o755)
  chmodSync(base.path, 0o755)
  await exec('chmod', ['-R', 'a+rX', vault.path])
  const restored = await run(
    account.command(program, ['restore', '--config', config, '--to', to, '--json']),
    place.path,
  )
  expect(restored.stderr).not.toContain('error')
  expect(restored.exitCode).toBe(0)
  const before = (await describeTree(library)).filter(({ path }) => path !== '')
  const after = new Map((await describeTree(to)).map((entry) => [entry.path, entry]))
  const differences = compareTrees(
    before.filter(({ path }) => path !== 'profile/program'),
    before.flatMap(({ path }) => (path === 'profile/program' ? [] : (after.get(path) ?? []))),
    { ignoring: ['inode', 'ctime', 'uid', 'gid'], mtimeTolerance: 999n },
  )
  expect(differences.filter((line) => !line.startsWith('profile/empty: mode'))).toEqual([])
  expect(lstatSync(join(to, 'profile/program')).mode & 0o7777).toBe(0o755)
  const { counts } = JSON.parse(restored.stdout) as { counts: { ownersNotSet: number; restored: number } }
  expect(counts.ownersNotSet).toBeGreaterThanOrEqual(counts.restored)
})

test('a folder that nobody can make is refused, as where an automounter has no such disk', async () => {
  await expect(restoreTo(vault, '/proc/none/deeper')).rejects.toThrow(
    "/proc/none/deeper can't be used to restore to: ENOENT",
  )
})

test('a folder that is a file is refused in plain words', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'file')
  writeFileSync(file, 'mine')
  await expect(restoreTo(vault, file)).rejects.toThrow(`${file} can't be used to restore to`)
  expect(readFileSync(file, 'utf8')).toBe('mine')
})
