import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { findingsOf } from '../../../src/runs/check/findingsOf.ts'
import { UserError } from '../../../src/shared/errors.ts'
import type { Finding } from '../../../src/storage/probe/finding.ts'

const good: Finding = { what: 'disk', result: 'good', detail: 'spins' }
const never = new AbortController().signal

/** A part of a check that finds something, and then does what a test wants. */
function part(then: () => Promise<unknown>, patienceMs = 60_000) {
  const look = async function* () {
    yield good
    await then()
  }
  return { what: 'disk', patienceMs, look }
}

test('what hangs is bad, and what it found before counts', async () => {
  const hanging = part(async () => await Promise.withResolvers().promise, 20)
  expect(await findingsOf(hanging, never)).toEqual([
    good,
    { what: 'disk', result: 'bad', detail: 'no answer within 0.02 s', remedy: expect.any(String) },
  ])
})

test("an error for its reader is bad, with the reader's remedy", async () => {
  const failing = part(async () => {
    throw new UserError('it does not spin', { hint: 'Turn it on.' })
  })
  expect(await findingsOf(failing, never)).toEqual([
    good,
    { what: 'disk', result: 'bad', detail: 'it does not spin', remedy: 'Turn it on.' },
  ])
})

test('an error of the system is bad, with a remedy', async () => {
  const failing = part(async () => await readFile('/proc/self/mem'))
  expect(await findingsOf(failing, never)).toMatchObject([
    good,
    { result: 'bad', detail: expect.stringContaining('EIO'), remedy: expect.stringMatching(/\.$/) },
  ])
})

test('a bug is no finding', async () => {
  const broken = part(async () => {
    throw new TypeError('a bug')
  })
  await expect(findingsOf(broken, never)).rejects.toThrow('a bug')
})

test('an interrupted check ends at once', async () => {
  const stop = new AbortController()
  const running = findingsOf(
    part(async () => await Promise.withResolvers().promise),
    stop.signal,
  )
  stop.abort()
  await expect(running).rejects.toThrow('aborted')
})
