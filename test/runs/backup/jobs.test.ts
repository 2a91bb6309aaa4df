/* The account of a run: its jobs, how far they are, how they end, and what is tried again. */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupInJobs, type Bookkeeping } from '../../../src/runs/backup/backupInJobs.ts'
import type { BackupDestination, BackupEnd, BackupPlan } from '../../../src/runs/backup/plan.ts'
import { UserError } from '../../../src/shared/errors.ts'
import { lockFolder } from '../../../src/state/folderLock.ts'
import { thisMachine } from '../../../src/state/liveness.ts'
import type { Job, Run } from '../../../src/state/run.ts'
import { openState, readState, type State } from '../../../src/state/state.ts'
import { hostFolder } from '../../../src/runs/stateFolder.ts'
import { Fixture, openAsDestination } from './fixture.ts'
import { SeveralVaults } from './several.ts'

const here = thisMachine()

/** What the account told while the run went on. */
interface Told {
  resumed: [destination: string, from: Run][]
  retried: [destination: string, number: number][]
  troubles: string[]
}

interface Wish {
  plan?: Partial<BackupPlan>
  book?: Partial<Bookkeeping>
}

async function backUp(
  library: Fixture,
  destinations: readonly BackupDestination[],
  { plan = {}, book = {} }: Wish = {},
): Promise<{ ends: BackupEnd[]; last: Run | undefined; told: Told }> {
  const told: Told = { resumed: [], retried: [], troubles: [] }
  using state = openState(library.folder, new Date())
  const ends = await backupInJobs(library.plan(plan), destinations, {
    state,
    here,
    pid: 1,
    intervalMs: 60_000,
    maxRetries: 3,
    firstDelayMs: 1,
    force: false,
    onTaken: (destination, run) => {
      if (run) told.resumed.push([destination, run])
    },
    onRetry: (destination, _error, { number }) => told.retried.push([destination, number]),
    onBeat: () => undefined,
    onTrouble: (message) => told.troubles.push(message),
    ...book,
  })
  return { ends, last: state.lastRuns(1)[0], told }
}

function disk(fixture: Fixture, open?: () => Promise<void> | void): BackupDestination {
  return {
    name: 'disk',
    open: async () => {
      await open?.()
      return await openAsDestination(fixture.vault)
    },
  }
}

const denied = (): never => {
  throw new UserError('nobody is let in')
}

const noRoute = (): never => {
  throw new UserError('no route to the storage', { temporary: true })
}

function line({ destination, source, state, filesDone, filesTotal, bytesDone, bytesTotal }: Job): string {
  return `${destination} ${source} ${state} ${filesDone}/${filesTotal} ${bytesDone}/${bytesTotal}`
}

test('each source at each destination has its job, with all that was to be done for it', async () => {
  await using vaults = await SeveralVaults.create({ one: undefined, two: undefined })
  const { library } = vaults
  await library.write('library/1.jpg', Buffer.alloc(300_000, 1))
  await library.write('library/film.mp4', Buffer.alloc(9_000_000, 2))
  await vaults.of('one').backupWell()
  await library.write('upload/3.jpg', Buffer.alloc(400_000, 3))
  await library.write('upload/3.xmp', 'a sidecar')
  const { last, told } = await backUp(library, vaults.destinations())
  expect(last).toMatchObject({ state: 'COMPLETED', exitCode: 0 })
  expect(last?.jobs.map(line)).toEqual([
    'one library COMPLETED 0/0 0/0',
    'one upload COMPLETED 2/2 400009/400009',
    'two library COMPLETED 3/3 9300013/9300013',
    'two upload COMPLETED 3/3 400022/400022',
  ])
  expect(last?.results.map(({ destination, exitCode }) => [destination, exitCode])).toEqual([
    ['one', 0],
    ['two', 0],
  ])
  for (const { started, completed, error, retries } of last?.jobs ?? [])
    expect([started, completed, error, retries]).toEqual([expect.any(Date), expect.any(Date), null, 0])
  expect(told).toEqual({ resumed: [], retried: [], troubles: [] })
})

test('of a film that goes to several destinations, whole bytes are written down all the time', async () => {
  const names = Object.fromEntries(['one', 'two', 'three'].map((name) => [name, undefined]))
  await using vaults = await SeveralVaults.create(names)
  await vaults.library.write('library/film.mp4', Buffer.alloc(9_000_001, 2))
  const { last, told } = await backUp(vaults.library, vaults.destinations(), { book: { intervalMs: 1 } })
  expect(told.troubles).toEqual([])
  expect(last?.jobs.map(({ bytesDone }) => bytesDone)).toContain(9_000_014)
})

test('a run that goes on is seen from elsewhere: alive, with jobs that grow', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 12; i++) await fixture.write(`library/${i}.jpg`, Buffer.alloc(300_000, `photo ${i}`))
  const seen: Job[][] = []
  const onBeat = (): void => {
    using other = readState(fixture.folder)
    const [run] = other?.currentRuns(here, new Date()) ?? []
    if (run) seen.push(run.jobs)
  }
  await backUp(fixture, [disk(fixture)], { book: { intervalMs: 5, onBeat } })
  const done = seen.map(([library]) => library?.filesDone ?? 0)
  expect(done.length).toBeGreaterThan(2)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
  expect(new Set(seen.flat().map(({ state }) => state))).toContain('RUNNING')
})

test('a destination that fails for what may pass is tried again, and its jobs say how often', async () => {
  await using fixture = await Fixture.create()
  let opened = 0
  const open = (): void => {
    opened += 1
    if (opened < 3) noRoute()
  }
  const { ends, last, told } = await backUp(fixture, [disk(fixture, open)])
  expect(ends[0]?.result?.exitCode).toBe(0)
  expect(told.retried).toEqual([
    ['disk', 1],
    ['disk', 2],
  ])
  expect(last?.jobs.map(({ state, retries, error }) => [state, retries, error])).toEqual([
    ['COMPLETED', 2, null],
    ['COMPLETED', 2, null],
  ])
})

test('it is tried so often and no more; the next run counts anew', async () => {
  await using fixture = await Fixture.create()
  for (let run = 0; run < 2; run++) {
    let opened = 0
    const open = (): void => {
      opened += 1
      noRoute()
    }
    const { ends, last } = await backUp(fixture, [disk(fixture, open)])
    expect(opened).toBe(4)
    expect(ends).toMatchObject([{ destination: 'disk', error: { message: 'no route to the storage' } }])
    expect(last).toMatchObject({ state: 'FAILED', exitCode: 1 })
    expect(last?.results).toMatchObject([{ exitCode: 1, snapshot: null, error: 'no route to the storage' }])
    expect(last?.jobs.map(({ state, retries, error }) => [state, retries, error])).toEqual([
      ['FAILED', 3, 'no route to the storage'],
      ['FAILED', 3, 'no route to the storage'],
    ])
  }
  expect((await backUp(fixture, [disk(fixture)])).last).toMatchObject({ state: 'COMPLETED' })
})

test('what a person has to mend is not tried again, and the other destination is not kept from its snapshot', async () => {
  await using vaults = await SeveralVaults.create({ one: undefined, two: undefined })
  const [one, two] = vaults.destinations()
  const { last, told } = await backUp(vaults.library, [
    { name: 'one', open: one?.open ?? denied },
    { name: two?.name ?? '', open: denied },
  ])
  expect(told.retried).toEqual([])
  expect(last?.results.map(({ destination, exitCode, error }) => [destination, exitCode, error])).toEqual([
    ['one', 0, null],
    ['two', 1, 'nobody is let in'],
  ])
  expect(last?.jobs.map(({ destination, state }) => `${destination} ${state}`)).toEqual([
    'one COMPLETED',
    'one COMPLETED',
    'two FAILED',
    'two FAILED',
  ])
})

test('a source whose folder is gone has a failed job; the others have their snapshot', async () => {
  await using fixture = await Fixture.create()
  await rename(fixture.path('upload'), join(fixture.folder, 'elsewhere'))
  const { last } = await backUp(fixture, [disk(fixture)])
  expect(last).toMatchObject({ state: 'COMPLETED', exitCode: 3 })
  expect(last?.jobs.map(({ source, state, error }) => [source, state, error])).toEqual([
    ['library', 'COMPLETED', null],
    ['upload', 'FAILED', 'the folder is not there; is it mounted?'],
  ])
})

test('a run that is stopped says so at once, and the next one goes on from it', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('library/film.mp4', Buffer.alloc(9_000_000, 2))
  const stop = new AbortController()
  const stateWhenStopped: (string | undefined)[] = []
  const onProgress: BackupPlan['onProgress'] = ({ phase }) => {
    if (phase !== 'storing' || stop.signal.aborted) return
    stop.abort()
    using other = readState(fixture.folder)
    stateWhenStopped.push(other?.lastRuns(1)[0]?.state)
  }
  const stopped = await backUp(fixture, [disk(fixture)], { plan: { onProgress, signal: stop.signal } })
  expect(stateWhenStopped).toEqual(['INTERRUPTED'])
  expect(stopped.last).toMatchObject({ state: 'INTERRUPTED', exitCode: 130 })
  expect(new Set(stopped.last?.jobs.map(({ state }) => state))).toEqual(new Set(['INTERRUPTED']))
  const { told, last } = await backUp(fixture, [disk(fixture)])
  expect(told.resumed).toMatchObject([['disk', { state: 'INTERRUPTED' }]])
  expect(last?.state).toBe('COMPLETED')
  expect((await backUp(fixture, [disk(fixture)])).told.resumed).toEqual([])
})

test('a stop ends the wait before another try', async () => {
  await using fixture = await Fixture.create()
  const stop = new AbortController()
  const book = { firstDelayMs: 3_600_000, onRetry: () => stop.abort() }
  const { ends, last } = await backUp(fixture, [disk(fixture, noRoute)], {
    plan: { signal: stop.signal },
    book,
  })
  expect(ends).toMatchObject([{ error: { name: 'AbortError' } }])
  expect(last).toMatchObject({ state: 'INTERRUPTED', exitCode: 130 })
})

test('while another process holds the destination it is refused, told who that is, and leaves no trace', async () => {
  await using fixture = await Fixture.create()
  const { vault } = fixture
  using _lock = lockFolder(hostFolder(vault.state, vault.pin.id, 'main'), () => new Error('held'))
  using state = openState(fixture.folder, new Date())
  begin(state, here, 812)
  const { ends, last, told } = await backUp(fixture, [disk(fixture)], { book: { force: true } })
  expect(ends).toMatchObject([
    { error: { exitCode: 11, message: expect.stringContaining('process 812 on') } },
  ])
  expect(told.retried).toEqual([])
  expect(last).toMatchObject({ pid: 812, state: 'RUNNING' })
})

test('a run of this boot without its lock is dead, however lately it was heard of', async () => {
  await using fixture = await Fixture.create()
  using state = openState(fixture.folder, new Date())
  begin(state, here, 812)
  const { ends, told } = await backUp(fixture, [disk(fixture)])
  expect(ends[0]?.result?.exitCode).toBe(0)
  expect(told.resumed).toMatchObject([['disk', { pid: 812, state: 'INTERRUPTED' }]])
})

test('a run on another machine is believed for three intervals; --force takes its place before', async () => {
  await using fixture = await Fixture.create()
  using state = openState(fixture.folder, new Date())
  begin(state, { name: 'pod-7', bootId: 'another boot' }, 1)
  const refused = await backUp(fixture, [disk(fixture)])
  expect(refused.ends).toMatchObject([
    { error: { exitCode: 11, message: expect.stringContaining('on pod-7') } },
  ])
  const later = { now: () => new Date(Date.now() + 181_000) }
  expect((await backUp(fixture, [disk(fixture)], { plan: later })).ends[0]?.result?.exitCode).toBe(0)
  begin(state, { name: 'pod-8', bootId: 'another boot' }, 1)
  const forced = await backUp(fixture, [disk(fixture)], { book: { force: true } })
  expect(forced.ends[0]?.result?.exitCode).toBe(0)
  expect(forced.told.resumed).toMatchObject([['disk', { machine: 'pod-8' }]])
})

test.each(['opening', 'scanning'])(
  'a state database that is lost while %s costs nobody a backup',
  async (when) => {
    await using fixture = await Fixture.create()
    await fixture.write('library/1.jpg', Buffer.alloc(300_000, 1))
    const told: string[] = []
    using state = openState(fixture.folder, new Date())
    const onProgress: BackupPlan['onProgress'] = ({ phase }) => {
      if (phase === when) state[Symbol.dispose]()
    }
    const { ends } = await backUp(fixture, [disk(fixture)], {
      plan: { onProgress },
      book: { state, onTrouble: (message) => told.push(message) },
    })
    expect(ends[0]?.result?.exitCode).toBe(0)
    expect(told).toEqual([expect.stringContaining("can't be written down")])
    await rm(join(fixture.folder, 'state.db'))
    expect((await backUp(fixture, [disk(fixture)])).ends[0]?.result?.exitCode).toBe(0)
  },
)

function begin(state: State, on: typeof here, pid: number): void {
  const jobs = [{ destination: 'disk', source: 'library', priority: 0 }]
  state.beginRun({ program: 'safelight', here: on, pid, intervalMs: 60_000, jobs }, new Date())
}
