import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SteadyFlush } from '../../../src/runs/restore/flush.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

const mebibyte = 1024 * 1024
const never = new AbortController().signal
afterEach(() => void vi.unstubAllEnvs())

/** A `sync` of our own, which notes its calls and does as told. */
async function withSync(script: string) {
  const folder = await temporaryFolder()
  const notes = join(folder.path, 'notes')
  await writeFile(join(folder.path, 'sync'), `#!/bin/sh\necho "$@" >> ${notes}\n${script}\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`)
  return {
    calls: async () =>
      (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}

describe('what is restored', () => {
  test('is brought onto the disk at the end, however little it is', async () => {
    await using sync = await withSync('')
    using flush = new SteadyFlush('/restored', never)
    flush.written(mebibyte)
    await flush.end()
    expect(await sync.calls()).toEqual(['--file-system /restored'])
  })

  test('is brought there while more is restored, by one call at a time', async () => {
    await using sync = await withSync('sleep 0.3')
    using flush = new SteadyFlush('/restored', never)
    for (let written = 0; written <= 1024; written += 16) flush.written(written * mebibyte)
    await flush.end()
    expect(await sync.calls()).toHaveLength(2)
  })

  test('is not said to be there when a disk failed meanwhile', async () => {
    await using _sync = await withSync('exit 1')
    using flush = new SteadyFlush('/restored', never)
    flush.written(300 * mebibyte)
    await expect(flush.end()).rejects.toThrow(
      'what was restored to /restored may not be on the disk yet: sync failed',
    )
  })

  test('is not waited for when the restore has failed', async () => {
    await using sync = await withSync('echo $$ >> "$(dirname "$0")/notes"; exec sleep 60')
    {
      using flush = new SteadyFlush('/restored', never)
      flush.written(300 * mebibyte)
      await vi.waitFor(async () => expect(await sync.calls()).toHaveLength(2), { timeout: 10_000 })
    }
    const [, pid] = await sync.calls()
    await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'), { timeout: 10_000 })
  })
})
