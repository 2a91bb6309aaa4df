import { expect, test } from 'vitest'
import { liveness, thisMachine, type Pulse } from '../../src/state/liveness.ts'

const here = { name: 'nas', bootId: 'this boot' }
const heartbeat = new Date('2026-01-01T03:00:00Z')
const pulse: Pulse = { machine: 'nas', bootId: 'this boot', heartbeat, intervalMs: 60_000 }

function after(seconds: number): Date {
  return new Date(heartbeat.getTime() + seconds * 1000)
}

test('a run that missed one heartbeat, or two, may only be busy', () => {
  expect(liveness(pulse, here, after(61))).toBe('live')
  expect(liveness(pulse, here, after(180))).toBe('live')
  expect(liveness(pulse, here, after(181))).toBe('stale')
})

test('the interval is that of the run, and not of whoever looks', () => {
  expect(liveness({ ...pulse, intervalMs: 1000 }, here, after(4))).toBe('stale')
  expect(liveness({ ...pulse, intervalMs: 600_000 }, here, after(1700))).toBe('live')
})

test('a run from before this machine was started anew is dead, however lately it was heard of', () => {
  expect(liveness({ ...pulse, bootId: 'the boot before' }, here, after(1))).toBe('stale')
})

test('of a run on another machine only the heartbeat tells', () => {
  const other = { ...pulse, machine: 'pod-7', bootId: 'another boot' }
  expect(liveness(other, here, after(179))).toBe('live')
  expect(liveness(other, here, after(181))).toBe('stale')
})

test('a clock that was set back makes nobody live for ever', () => {
  expect(liveness(pulse, here, after(-179))).toBe('live')
  expect(liveness(pulse, here, after(-181))).toBe('stale')
})

test('a machine has the same boot id each time', () => {
  expect(thisMachine()).toEqual(thisMachine())
  expect(thisMachine().bootId).toMatch(/^[0-9a-f-]{36}$/)
})
