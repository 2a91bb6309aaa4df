import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Alarms, type Alarm } from '../../src/notify/alarms.ts'
import type { EventKind } from '../../src/notify/event.ts'
import type { News } from '../../src/notify/news.ts'
import { tell, type Channel, type Memory } from '../../src/notify/tell.ts'
import { Untold } from '../../src/notify/untold.ts'
import { UserError } from '../../src/shared/errors.ts'
import { startReceiver } from '../support/receiver.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { failure, firstSuccess, now, sharpDrop } from './samples.ts'

const delivering = {
  patience: { tries: 1, timeoutMs: 10_000, firstDelayMs: 1, longestDelayMs: 1 },
  signal: new AbortController().signal,
}
const told: Alarm = { since: now, told: now, what: '1' }
const untold: Alarm = { ...told, told: null }
const news: News[] = [
  { event: failure, notes: [{ alarm: 'failure.cloud', told, untold }] },
  { event: undefined, notes: [{ alarm: 'partial.disk', told: undefined, untold: undefined }] },
  { event: firstSuccess, notes: [] },
]

function memoryIn(folder: string): Memory {
  return { alarms: new Alarms(folder), untold: new Untold(folder) }
}

function channel(name: string, url: string, on: readonly EventKind[]): Channel {
  return { name, type: 'slack', on, options: () => ({ name, on, type: 'slack', url }) }
}

test('each channel is told of what it wants to be told of', async () => {
  await using folder = await temporaryFolder()
  await using all = await startReceiver()
  await using bad = await startReceiver()
  await using none = await startReceiver()
  const memory = memoryIn(folder.path)
  const channels = [
    channel('all', all.url, ['failure', 'first-success']),
    channel('bad', bad.url, ['failure', 'overdue']),
    channel('none', none.url, []),
  ]
  expect(await tell(news, channels, memory, delivering)).toEqual([])
  expect([all, bad, none].map(({ requests }) => requests.length)).toEqual([2, 1, 0])
  expect(bad.requests[0]?.body).toContain('photo backup to cloud failed')
  expect(await memory.alarms.get('failure.cloud')).toEqual(told)
})

test('one channel that does not work keeps no other from being told, and is named', async () => {
  await using folder = await temporaryFolder()
  await using works = await startReceiver()
  await using broken = await startReceiver([{ status: 410 }])
  const memory = memoryIn(folder.path)
  const channels = [channel('broken', broken.url, ['failure']), channel('works', works.url, ['failure'])]
  expect(await tell(news, channels, memory, delivering)).toEqual([
    'notification channel broken: answered 410 (Gone)',
  ])
  expect(works.requests).toHaveLength(1)
  expect(await memory.alarms.get('failure.cloud')).toEqual(told)
})

test('what nobody could be told is told by the next run', async () => {
  await using folder = await temporaryFolder()
  const memory = memoryIn(folder.path)
  const missing: Channel = {
    ...channel('mail', '', ['failure']),
    options: () => {
      throw new UserError('safelight.yaml:9:5: notify[0].url: environment variable HOOK is not set')
    },
  }
  expect(await tell(news, [missing], memory, delivering)).toEqual([
    'notification channel mail: safelight.yaml:9:5: notify[0].url: environment variable HOOK is not set',
  ])
  expect(await memory.alarms.get('failure.cloud')).toEqual(untold)
})

describe('what happens once', () => {
  const once: News[] = [{ event: sharpDrop, notes: [] }]

  test('is kept until somebody was told, by whichever run can', async () => {
    await using folder = await temporaryFolder()
    await using receiver = await startReceiver([{ status: 410 }, { status: 410 }])
    const memory = memoryIn(folder.path)
    const channels = [channel('phone', receiver.url, ['sharp-drop'])]
    expect(await tell(once, channels, memory, delivering)).toHaveLength(1)
    expect(await tell([], channels, memory, delivering)).toHaveLength(1)
    expect(await tell([], channels, memory, delivering)).toEqual([])
    expect(receiver.requests[2]?.body).toContain('Many photos are gone')
    await tell([], channels, memory, delivering)
    expect(receiver.requests).toHaveLength(3)
  })

  test('is not kept for a channel that is told of it no more', async () => {
    await using folder = await temporaryFolder()
    await using receiver = await startReceiver([{ status: 410 }])
    const memory = memoryIn(folder.path)
    await tell(once, [channel('phone', receiver.url, ['sharp-drop'])], memory, delivering)
    expect(await memory.untold.messages()).toHaveLength(1)
    expect(await tell([], [channel('phone', receiver.url, ['failure'])], memory, delivering)).toEqual([])
    expect(await memory.untold.messages()).toEqual([])
  })

  test('and was kept in a form that nobody can make out is given up', async () => {
    await using folder = await temporaryFolder()
    for (const content of ['', '[{}]', '{"kind":"failure"}']) {
      await writeFile(join(folder.path, 'untold.json'), content)
      expect(await memoryIn(folder.path).untold.messages()).toEqual([])
    }
  })
})

test('what no channel wants to be told is remembered as told', async () => {
  await using folder = await temporaryFolder()
  const memory = memoryIn(folder.path)
  expect(await tell(news, [], memory, delivering)).toEqual([])
  expect(await memory.alarms.get('failure.cloud')).toEqual(told)
})

test('where nothing can be remembered, that is told, and everything else goes on', async () => {
  await using folder = await temporaryFolder()
  await using works = await startReceiver()
  await writeFile(join(folder.path, 'alarms'), '')
  const memory = memoryIn(join(folder.path, 'alarms'))
  const [problem, ...more] = await tell(news, [channel('works', works.url, ['failure'])], memory, delivering)
  expect(problem).toMatch(/^what was told can't be remembered, so it will be told again: /)
  expect(more).toHaveLength(1)
  expect(works.requests).toHaveLength(1)
})
