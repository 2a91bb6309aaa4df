/* Files that change, grow, move and vanish while the backup runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BackupProgress } from '../../../src/runs/backup/progress.ts'
import { Random } from '../../support/random.ts'
import { Fixture, recordOf } from './fixture.ts'

const photo = new Random(4).bytes(300_000)

/** Calls `work` the first time that a phase begins, or each time. */
function when(phase: BackupProgress['phase'], work: (time: number) => void, times = 1) {
  let seen = 0
  let last: BackupProgress['phase'] | undefined
  return (progress: BackupProgress): void => {
    if (progress.phase === phase && last !== phase && seen < times) work(++seen)
    last = progress.phase
  }
}

test('a file that is written to without end is told, and its earlier version stays', async () => {
  await using fixture = await Fixture.create()
  const size = 40_000_000
  await fixture.write('upload/growing.mp4', Buffer.alloc(size))
  await fixture.write('upload/still.jpg', 'still')
  await fixture.backupWell()
  await fixture.write('upload/new.mp4', Buffer.alloc(size, 'new'))
  const files = ['upload/growing.mp4', 'upload/new.mp4'].map((path) => fixture.path(path))
  const writer = spawn('sh', ['-c', 'while :; do for f; do printf x >>"$f"; done; done', 'writer', ...files])
  try {
    await delay(100)
    const result = await fixture.backup()
    expect(result.exitCode).toBe(3)
    expect(result.tally.changes).toMatchObject({ unstable: 2, unreadable: 0, added: 0, changed: 0 })
    expect(result.tally.examples.map(({ kind, path }) => ({ kind, path }))).toEqual(
      expect.arrayContaining([
        { kind: 'unstable', path: 'upload/growing.mp4' },
        { kind: 'unstable', path: 'upload/new.mp4' },
      ]),
    )
    expect(result.warnings).toEqual([expect.stringMatching(/^2 files kept changing/)])
    const paths = await fixture.paths()
    expect(paths.get('upload/growing.mp4')?.size).toBe(size)
    expect(paths.has('upload/new.mp4')).toBe(false)
  } finally {
    const ended = once(writer, 'exit')
    writer.kill('SIGKILL')
    await ended
  }
  await fixture.backupWell()
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('a small file that grew past the limit of packs since the walk is stored as it is now', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/grown.jpg', 'small')
  await fixture.backupWell({
    onProgress: when('storing', () => appendFileSync(fixture.path('upload/grown.jpg'), photo)),
  })
  expect((await fixture.paths()).get('upload/grown.jpg')?.size).toBe(photo.length + 5)
  await fixture.expectRestoresTheSame()
})

test('a large file that became small since the walk is stored as it is now', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/cut.mp4', Buffer.alloc(9_000_000))
  await fixture.backupWell({
    onProgress: when('storing', () => writeFileSync(fixture.path('upload/cut.mp4'), 'cut')),
  })
  expect((await fixture.paths()).get('upload/cut.mp4')?.size).toBe(3)
  await fixture.expectRestoresTheSame()
})

test('a file that moved between walk and reading is found where it went', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/small.jpg', 'small')
  await fixture.write('upload/large.jpg', photo)
  const result = await fixture.backup({
    onProgress: when('storing', () => {
      for (const name of ['small.jpg', 'large.jpg'])
        renameSync(fixture.path(`upload/${name}`), fixture.path(`library/${name}`))
    }),
  })
  expect({ exitCode: result.exitCode, warnings: result.warnings }).toEqual({ exitCode: 0, warnings: [] })
  expect(await fixture.names()).toEqual([
    'library/.immich',
    'library/large.jpg',
    'library/small.jpg',
    'upload/.immich',
  ])
  await fixture.expectRestoresTheSame()
})

test('a file of an earlier snapshot that moves during the walk is not missed', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/u/photo.jpg', photo)
  await fixture.backupWell()
  // The library has been walked when its entries are counted; the upload folder comes after it.
  let moved = false
  const result = await fixture.backup({
    onProgress: ({ phase, filesDone }) => {
      if (moved || phase !== 'scanning' || filesDone === 0) return
      moved = true
      renameSync(fixture.path('upload/u/photo.jpg'), fixture.path('library/photo.jpg'))
    },
  })
  expect(moved).toBe(true)
  expect(result.exitCode).toBe(0)
  expect(result.tally.changes).toMatchObject({ added: 1, archived: 1, storedContents: 0 })
  expect(await fixture.names()).toEqual(['library/.immich', 'library/photo.jpg', 'upload/.immich'])
  await fixture.expectRestoresTheSame()
})

test('a file that vanishes between walk and reading is gone from the snapshot', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/old.jpg', 'old')
  await fixture.backupWell()
  await fixture.write('upload/old.jpg', 'changed')
  await fixture.write('upload/new.jpg', photo)
  const result = await fixture.backup({
    onProgress: when('storing', () => {
      rmSync(fixture.path('upload/old.jpg'))
      rmSync(fixture.path('upload/new.jpg'))
    }),
  })
  expect(result.tally.changes).toMatchObject({ added: 0, changed: 0, archived: 1, unreadable: 0 })
  expect(await fixture.names()).toEqual(['library/.immich', 'upload/.immich'])
})

test('a library that never rests ends in a warning, and what vanished is told once', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/walk-0.jpg', photo)
  const result = await fixture.backup({
    onProgress: when(
      'storing',
      (time) =>
        renameSync(fixture.path(`upload/walk-${time - 1}.jpg`), fixture.path(`upload/walk-${time}.jpg`)),
      9,
    ),
  })
  expect(result.exitCode).toBe(3)
  expect(result.warnings).toEqual([expect.stringMatching(/^files vanished in each of 3 walks/)])
  await fixture.backupWell()
  await fixture.expectRestoresTheSame()
})

test('what another walk finds again is counted once', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/photo.jpg', photo)
  mkdirSync(fixture.path('upload/elsewhere'))
  const result = await fixture.backup({
    onProgress: when('storing', () =>
      renameSync(fixture.path('upload/photo.jpg'), fixture.path('upload/elsewhere/photo.jpg')),
    ),
  })
  expect(recordOf(result).changes).toMatchObject({ added: 3, unreadable: 0, unstable: 0 })
  expect(result.toRead.files).toBe(4)
})
