import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Alarms, isDue, type Alarm } from '../../src/notify/alarms.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const now = new Date('2026-11-21T03:21:09Z')
const alarm: Alarm = { since: new Date('2026-11-19T03:20:00Z'), told: now, what: '1' }

describe('alarms', () => {
  test('are remembered in a folder that need not be there yet, until they are over', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'state/alarms/main')
    expect(await new Alarms(path).get('failure.disk')).toBeUndefined()
    await new Alarms(path).set('failure.disk', alarm)
    await new Alarms(path).set('failure.disk', { ...alarm, what: '12' })
    expect(await new Alarms(path).get('failure.disk')).toEqual({ ...alarm, what: '12' })
    expect(await new Alarms(path).get('failure.cloud')).toBeUndefined()
    await new Alarms(path).set('failure.disk', undefined)
    expect(await readdir(path)).toEqual([])
  })

  test.each(['', '{', '[]', '{"since":"yesterday","told":null,"what":"1"}'])(
    'that nobody can make out (%j) are none, and are written anew',
    async (content) => {
      await using folder = await temporaryFolder()
      await mkdir(join(folder.path, 'alarms'))
      await writeFile(join(folder.path, 'alarms/failure.disk.json'), content)
      const alarms = new Alarms(join(folder.path, 'alarms'))
      expect(await alarms.get('failure.disk')).toBeUndefined()
      await alarms.set('failure.disk', alarm)
      expect(await alarms.get('failure.disk')).toEqual(alarm)
    },
  )
})

describe('an alarm is told', () => {
  const hour = 3_600_000
  const told = (hoursAgo: number, what = '1'): Alarm => ({
    ...alarm,
    told: new Date(now.getTime() - hoursAgo * hour),
    what,
  })

  test.each<[string, Alarm | undefined, boolean]>([
    ['when it is new', undefined, true],
    ['when nobody could be told so far', { ...alarm, told: null }, true],
    ['not when it was told an hour ago', told(1), false],
    ['again after the time', told(20), true],
    ['at once when it is about something else', told(1, '12'), true],
  ])('%s', (_when, before, due) => {
    expect(isDue(before, '1', now, 20 * hour)).toBe(due)
  })
})
