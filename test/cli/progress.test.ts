import { expect, test } from 'vitest'
import { progressLine as backupLine } from '../../src/cli/output/backupProgress.ts'
import { BackupStory } from '../../src/cli/output/backupStory.ts'
import { Progress } from '../../src/cli/output/progress.ts'
import { displayWidth } from '../../src/cli/output/width.ts'

const MiB = 1024 * 1024

/** A progress line with a clock that the test moves. */
function progressAt({ live, columns = 80 }: { live: boolean; columns?: number }) {
  const written: string[] = []
  let time = 0
  const progress = new Progress({ write: (text) => written.push(text), live, columns, now: () => time })
  return {
    progress,
    written,
    wait: (ms: number) => {
      time += ms
    },
  }
}

test('on a terminal one line is drawn over, at most ten times a second', () => {
  const { progress, written, wait } = progressAt({ live: true })
  for (let i = 0; i < 1000; i++) {
    wait(1)
    progress.update({ filesDone: i, bytesDone: i * MiB })
  }
  expect(written).toHaveLength(10)
  expect(written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true)
})

test('elsewhere a line is added every half minute', () => {
  const { progress, written, wait } = progressAt({ live: false })
  for (let i = 0; i < 120; i++) {
    wait(1000)
    progress.update({ filesDone: i, bytesDone: i * MiB })
  }
  expect(written).toEqual([
    '29 files  29.0 MiB  1.00 MiB/s\n',
    '59 files  59.0 MiB  1.00 MiB/s\n',
    '89 files  89.0 MiB  1.00 MiB/s\n',
    '119 files  119 MiB  1.00 MiB/s\n',
  ])
})

test('with a known total there are percent and the time that is left, also within one large file', () => {
  const { progress, written, wait } = progressAt({ live: true })
  for (const bytesDone of [0, 100 * MiB, 200 * MiB]) {
    wait(10_000)
    progress.update({ filesDone: 0, filesTotal: 1, bytesDone, bytesTotal: 1000 * MiB, current: 'video.mp4' })
  }
  expect(written.at(-1)).toContain(
    '20 %  0 of 1 file  200 MiB of 1000 MiB  10.0 MiB/s  1 min 20 s left  video.mp4',
  )
})

test('the rate follows a change within half a minute', () => {
  const { progress, written, wait } = progressAt({ live: false })
  let bytesDone = 0
  for (let second = 0; second < 120; second++) {
    wait(1000)
    bytesDone += second < 60 ? 100 * MiB : MiB
    progress.update({ filesDone: 0, bytesDone })
  }
  expect(written.map((line) => line.trim().split('  ').at(-1))).toEqual([
    '100 MiB/s',
    '100 MiB/s',
    expect.stringMatching(/^\d\.\d\d MiB\/s$/),
    '1.00 MiB/s',
  ])
})

test('the line never wraps, whatever is being worked on', () => {
  const { progress, written, wait } = progressAt({ live: true, columns: 60 })
  wait(1000)
  progress.update({ filesDone: 1, bytesDone: 1, current: `${'写真/'.repeat(30)}IMG.jpg` })
  expect(displayWidth((written[0] ?? '').replace('\r', ''))).toBeLessThan(60)
})

test('all done is told only when nothing is left', () => {
  const { progress, written, wait } = progressAt({ live: true })
  wait(1000)
  progress.update({ filesDone: 1, bytesDone: 999_999, bytesTotal: 1_000_000 })
  wait(1000)
  progress.update({ filesDone: 1, bytesDone: 1_000_000, bytesTotal: 1_000_000 })
  expect(written.map((text) => /\d+ %/.exec(text)?.[0])).toEqual(['99 %', '100 %'])
})

test('the line is taken away for other text, once', () => {
  const { progress, written, wait } = progressAt({ live: true })
  progress.clear()
  wait(1000)
  progress.update({ filesDone: 1, bytesDone: 1 })
  progress.clear()
  progress.clear()
  expect(written).toHaveLength(2)
  expect(written[1]).toBe('\r\u001b[2K')
})

test('what is not counted has no numbers, and no rate that is left from before', () => {
  const { progress, written, wait } = progressAt({ live: true })
  const show = (update: ReturnType<typeof backupLine>) => {
    wait(10_000)
    progress.update(update)
    return written.at(-1)?.replace('\r\u001b[2K', '')
  }
  const counts = { filesDone: 3, filesTotal: 9, bytesDone: 30 * MiB, bytesTotal: 90 * MiB, current: 'a.jpg' }
  const nothing = { ...counts, filesDone: 0, bytesDone: 0, filesTotal: 0, bytesTotal: 0 }
  expect(show(backupLine({ ...nothing, phase: 'database' }))).toBe('dumping the database')
  expect(show({ ...nothing, current: 'reading manifests' })).toBe('reading manifests')
  expect(show({ ...nothing, unit: 'object', filesTotal: 15, current: '' })).toMatch(/^0 of 15 objects/)
  expect(show(backupLine({ ...nothing, phase: 'scanning' }))).toBe('looking for changes')
  expect(show(backupLine({ ...counts, phase: 'scanning' }))).toBe(
    '3 files  30.0 MiB  1.00 MiB/s  looking for changes',
  )
  expect(show(backupLine({ ...counts, bytesDone: 0, filesDone: 0, phase: 'storing' }))).toBe(
    '0 %  0 of 9 files  0 B of 90.0 MiB  a.jpg',
  )
  expect(show(backupLine({ ...counts, phase: 'storing' }))).toContain('3.00 MiB/s')
  expect(show(backupLine({ ...counts, filesDone: 1, phase: 'committing' }))).toBe('committing')
})

test('the story of a run says how far it is, once there is something to count', () => {
  const told: string[] = []
  const story = new BackupStory(({ text }) => told.push(text), new Date())
  const nothing = { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0, current: undefined }
  story.progress({ ...nothing, phase: 'database' })
  story.beat()
  story.progress({ ...nothing, phase: 'storing', filesTotal: 9, bytesTotal: 90 * MiB })
  story.beat()
  expect(told).toEqual([
    'dumping the database',
    'dumping the database',
    'storing files',
    'storing files: 0 files (0 B) of 9 (90.0 MiB)',
  ])
})
