import { describe, expect, test } from 'vitest'
import { sleep } from '../../src/shared/abort.ts'

describe('a sleep', () => {
  test('ends by itself', async () => {
    await expect(sleep(1)).resolves.toBeUndefined()
    await expect(sleep(1, new AbortController().signal)).resolves.toBeUndefined()
  })

  test('does not begin once its signal has aborted', async () => {
    const reason = new Error('stop')
    await expect(sleep(3_600_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('ends with the reason of its signal', async () => {
    const controller = new AbortController()
    const reason = new Error('stop')
    const sleeping = sleep(3_600_000, controller.signal)
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
  })
})
