import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openState, readState, type State } from '../../src/state/state.ts'
import type { JobUpdate, OpenRun } from '../../src/state/openRun.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const here = { name: 'nas', bootId: 'this boot' }
const elsewhere = { name: 'pod-7', bootId: 'another boot' }
const start = new Date('2026-01-01T02:00:00Z')
const intervalMs = 60_000
const calm = { force: false, now: start }

function at(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000)
}

function begin(state: State, options: { on?: typeof here; at?: Date; to?: string[] } = {}): OpenRun {
  const { on = here, to = ['disk', 'cloud'] } = options
  const jobs = to.flatMap((destination) =>
    ['database', 'library'].map((source, priority) => ({ destination, source, priority })),
  )
  const draft = { program: 'safelight 0.1.0', here: on, pid: 812, intervalMs, jobs }
  return state.beginRun(draft, options.at ?? start)
}

function library(destination: string, fields: Partial<JobUpdate>): JobUpdate {
  const counts = { filesTotal: 0, filesDone: 0, bytesTotal: 0, bytesDone: 0 }
  const rest = { started: start, error: null, retries: 0 }
  return { destination, source: 'library', state: 'RUNNING', ...counts, ...rest, ...fields }
}

async function someState() {
  const folder = await temporaryFolder()
  const state = openState(folder.path, start)
  return {
    state,
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      state[Symbol.dispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('a run has a job for each source and destination, by priority, and others see how far they are', async () => {
  await using place = await someState()
  const run = begin(place.state)
  run.update([library('disk', { filesTotal: 9, bytesTotal: 900 })], at(0))
  run.update([library('disk', { filesTotal: 9, filesDone: 3, bytesTotal: 900, bytesDone: 650 })], at(60))
  using other = readState(place.path)
  const [seen] = other?.currentRuns(here, at(100)) ?? []
  expect(seen).toMatchObject({ program: 'safelight 0.1.0', machine: 'nas', pid: 812, heartbeat: at(60) })
  expect(seen?.jobs.map(({ destination, source, state }) => `${destination} ${source} ${state}`)).toEqual([
    'disk database PENDING',
    'disk library RUNNING',
    'cloud database PENDING',
    'cloud library PENDING',
  ])
  expect(seen?.jobs[1]).toMatchObject({
    filesTotal: 9,
    filesDone: 3,
    bytesDone: 650,
    speed: 10,
    started: at(0),
    updated: at(60),
    completed: null,
  })
})

test('a run that ends says how, in all and at each destination', async () => {
  await using place = await someState()
  const run = begin(place.state)
  run.update([library('disk', { state: 'COMPLETED' })], at(60))
  run.addResult({ destination: 'disk', ended: at(60), exitCode: 0, snapshot: '0000000001-aa', error: null })
  run.addResult({ destination: 'cloud', ended: at(61), exitCode: 1, snapshot: null, error: 'no route' })
  run.end('FAILED', 1, at(61))
  expect(place.state.currentRuns(here, at(61))).toEqual([])
  const [last] = place.state.lastRuns(5)
  expect(last).toMatchObject({ state: 'FAILED', exitCode: 1, ended: at(61) })
  expect(last?.results).toEqual([
    { destination: 'disk', ended: at(60), exitCode: 0, snapshot: '0000000001-aa', error: null },
    { destination: 'cloud', ended: at(61), exitCode: 1, snapshot: null, error: 'no route' },
  ])
  expect(
    last?.jobs.find(({ source, destination }) => `${source}${destination}` === 'librarydisk'),
  ).toMatchObject({ state: 'COMPLETED', completed: at(60) })
})

test('a run that was not heard of for three intervals is interrupted by the next one', async () => {
  await using place = await someState()
  begin(place.state)
  begin(place.state, { at: at(180) })
  expect(place.state.lastRuns().map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING'])
  begin(place.state, { at: at(181) })
  const [, second, first] = place.state.lastRuns()
  expect(second).toMatchObject({ state: 'RUNNING' })
  expect(first).toMatchObject({ state: 'INTERRUPTED', ended: start })
  expect(new Set(first?.jobs.map(({ state }) => state))).toEqual(new Set(['INTERRUPTED']))
})

test('whoever has the lock takes over at once from a run of this boot: it is dead, whatever its heartbeat says', async () => {
  await using place = await someState()
  const first = begin(place.state, { on: { ...here, name: 'another container' } })
  first.update([library('disk', { filesDone: 3 })], at(10))
  const second = begin(place.state, { at: at(11) })
  expect(second.take('disk', { ...calm, now: at(11) })).toMatchObject({ id: first.id, state: 'RUNNING' })
  const [, interrupted] = place.state.lastRuns()
  expect(interrupted?.jobs.map(({ destination, state }) => `${destination} ${state}`)).toEqual([
    'disk INTERRUPTED',
    'disk INTERRUPTED',
    'cloud PENDING',
    'cloud PENDING',
  ])
  expect(second.take('cloud', { ...calm, now: at(11) })?.state).toBe('INTERRUPTED')
})

test('a run on another machine that was heard of lately is not taken over, but with force', async () => {
  await using place = await someState()
  begin(place.state, { on: elsewhere })
  const second = begin(place.state, { at: at(179) })
  const take = (force: boolean) => () => second.take('disk', { force, now: at(179) })
  expect(take(false)).toThrow(
    'another run is using destination disk: safelight 0.1.0, process 812 on pod-7, since 2026-01-01 02:00:00 UTC',
  )
  expect(take(false)).toThrow(
    expect.objectContaining({ exitCode: 11, hint: expect.stringContaining('--force') }),
  )
  expect(take(true)()).toMatchObject({ machine: 'pod-7' })
})

test('only the last run at a destination is told to have been interrupted', async () => {
  await using place = await someState()
  begin(place.state)
  const second = begin(place.state, { at: at(300), to: ['disk'] })
  expect(second.take('disk', { ...calm, now: at(300) })?.id).toBe(1)
  second.update(
    [
      { ...library('disk', { state: 'COMPLETED' }) },
      { ...library('disk', { state: 'COMPLETED' }), source: 'database' },
    ],
    at(400),
  )
  second.end('COMPLETED', 0, at(400))
  const third = begin(place.state, { at: at(500) })
  expect(third.take('disk', { ...calm, now: at(500) })).toBeUndefined()
  expect(third.take('cloud', { ...calm, now: at(500) })?.id).toBe(1)
})

test('a run that found no place leaves no trace', async () => {
  await using place = await someState()
  const run = begin(place.state)
  run.leave('disk')
  expect(place.state.lastRuns()[0]?.jobs.map(({ destination }) => destination)).toEqual(['cloud', 'cloud'])
  run.leave('cloud')
  expect(place.state.lastRuns()).toEqual([])
})

test('only so many runs are remembered', async () => {
  await using place = await someState()
  for (let i = 0; i < 410; i++) begin(place.state, { at: at(i * 1000) }).end('COMPLETED', 0, at(i * 1000))
  const runs = place.state.lastRuns()
  expect(runs.length).toBe(400)
  expect(runs[0]?.started).toEqual(at(409_000))
})

test('where no run has begun there is nothing to read, and reading makes nothing', async () => {
  await using folder = await temporaryFolder()
  expect(readState(folder.path)).toBeUndefined()
  expect(readdirSync(folder.path)).toEqual([])
})

test.each([
  ['is no database', () => 'something else, and long enough to be looked at'.repeat(100)],
  [
    'is damaged',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0x55)]),
  ],
])('a file that %s is set aside, and told', async (_, damage) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'state.db')
  {
    using state = openState(folder.path, start)
    for (let i = 0; i < 50; i++) begin(state, { at: at(i) })
  }
  writeFileSync(file, damage(readFileSync(file)))
  expect(() => readState(folder.path)).toThrow(expect.objectContaining({ name: 'UserError' }))
  using state = openState(folder.path, start)
  expect(state.setAside).toMatchObject({ file: `${file}.unusable-20260101T020000Z` })
  expect(readdirSync(folder.path)).toContain('state.db.unusable-20260101T020000Z')
  expect(state.lastRuns()).toEqual([])
  begin(state)
})

test('so is a file of a later program', async () => {
  await using folder = await temporaryFolder()
  const later = new Sqlite(join(folder.path, 'state.db'))
  later.pragma('user_version = 99')
  later.close()
  using state = openState(folder.path, start)
  expect(state.setAside?.reason).toContain('version 99')
})
