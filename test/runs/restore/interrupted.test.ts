import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTemporaryName } from '../../../src/runs/restore/temporary.ts'
import { generateBulk } from '../../support/bulk.ts'
import { Random } from '../../support/random.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { compareTrees, describeTree, type TreeEntry } from '../../support/tree.ts'
import { backUp, createTestVault, type TestVault } from '../backedUp.ts'
import { makeOddLibrary } from './oddLibrary.ts'
import { program, run, start, writeConfiguration } from './process.ts'
import { restoreTo } from './restoring.ts'

let base: Awaited<ReturnType<typeof temporaryFolder>>
let vault: TestVault
let config: string
let source: TreeEntry[]
beforeAll(async () => {
  base = await temporaryFolder()
  const library = join(base.path, 'media')
  makeOddLibrary(library)
  await generateBulk({ root: library, files: 60, bytes: 1_500_000 })
  await generateBulk({ root: library, files: 400, bytes: 2000, seed: 2, extension: 'xmp' })
  vault = await createTestVault(base.path)
  await backUp(vault, library)
  config = await writeConfiguration(vault, base.path)
  source = (await describeTree(library)).filter(({ path }) => path !== '')
})
afterAll(async () => await base[Symbol.asyncDispose]())

const sources = new Set(['library', 'upload', 'profile'])

/** What lies in a restored folder, but for the markers and folders that a restore adds. */
async function restored(to: string): Promise<TreeEntry[]> {
  const all = await describeTree(to)
  return all.filter(({ path }) => sources.has(path.split('/', 1)[0] ?? '') && !path.endsWith('/.immich'))
}

const likeSource = { ignoring: ['inode', 'ctime'], mtimeTolerance: 999n } as const

test('killed at any moment, a restore shows only whole files, and the next one completes it', async () => {
  await using place = await temporaryFolder()
  const to = join(place.path, 'to')
  const command = [program, 'restore', '--config', config, '--to', to, '--json'] as const
  const random = new Random(7)
  const expected = new Map(source.map((entry) => [entry.path, entry]))
  for (let before = 0, kill = 0; kill < 6; kill++) {
    const child = start(command, base.path)
    const ended = once(child, 'close')
    const wanted = before + random.integer(1, 60)
    while (child.exitCode === null && filesIn(to) < wanted) await delay(2)
    child.kill('SIGKILL')
    await ended
    const files = (await restored(to)).filter(
      ({ type, path }) => type === 'file' && !isTemporaryName(lastName(path)),
    )
    expect(files.filter(({ path, sha256 }) => sha256 !== expected.get(path)?.sha256)).toEqual([])
    expect(files.length).toBeLessThan(expected.size)
    before = files.length
  }
  const { exitCode, stdout } = await run(command, base.path)
  expect(exitCode).toBe(0)
  expect((JSON.parse(stdout) as { counts: { already: number } }).counts.already).toBeGreaterThan(0)
  expect(compareTrees(source, await restored(to), likeSource)).toEqual([])
})

test('a restore that is told to stop ends with 130 and leaves no temporary file', async () => {
  await using place = await temporaryFolder()
  const to = join(place.path, 'to')
  const child = start([program, 'restore', '--config', config, '--to', to], base.path)
  const ended = once(child, 'close')
  while (child.exitCode === null && !existsSync(join(to, 'upload'))) await delay(5)
  child.kill('SIGTERM')
  const [exitCode] = (await ended) as [number]
  expect([0, 130]).toContain(exitCode)
  const names = readdirSync(to, { recursive: true, encoding: 'utf8' }).map(lastName)
  expect(names.filter(isTemporaryName)).toEqual([])
})

test('an abort rejects with its reason', async () => {
  await using place = await temporaryFolder()
  const abort = new AbortController()
  const reason = new Error('enough')
  const restoring = restoreTo(vault, join(place.path, 'to'), {
    signal: abort.signal,
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 0) abort.abort(reason)
    },
  })
  await expect(restoring).rejects.toBe(reason)
})

function filesIn(to: string): number {
  if (!existsSync(to)) return 0
  return readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
