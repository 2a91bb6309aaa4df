import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { collect, keysOf, pieces } from '../streams.ts'
import { type Check, checkFailingUpload, content, index, kilobyte, megabyte } from './check.ts'

export function cancelling(check: Check): void {
  describe('cancelling', () => {
    const reason = new Error('the user pressed Ctrl-C')
    const aborted = { signal: AbortSignal.abort(reason) }

    check('an aborted signal stops every call before it begins', async (storage) => {
      let started = false
      const source = async function* () {
        started = true
        yield Buffer.alloc(1)
      }
      await storage.put('there', Buffer.from('bytes'), index)
      await expect(storage.put('a', Buffer.alloc(1), { ...index, ...aborted })).rejects.toBe(reason)
      await expect(storage.upload('b', source(), { ...index, ...aborted })).rejects.toBe(reason)
      await expect(storage.stat('there', aborted)).rejects.toBe(reason)
      await expect(collect(storage.read('there', aborted))).rejects.toBe(reason)
      await expect(keysOf(storage.list('', aborted))).rejects.toBe(reason)
      expect(started).toBe(false)
      expect(await keysOf(storage.list(''))).toEqual(['there'])
    })

    const isReason = (error: unknown) => expect(error).toBe(reason)
    checkFailingUpload(
      check,
      'an upload cancelled early leaves nothing',
      async function* (_, controller) {
        yield Buffer.alloc(kilobyte)
        controller.abort(reason)
        yield Buffer.alloc(kilobyte)
      },
      isReason,
    )
    checkFailingUpload(
      check,
      'an upload cancelled after its last byte leaves nothing',
      async function* (_, controller) {
        yield Buffer.alloc(kilobyte)
        controller.abort(reason)
      },
      isReason,
    )
    checkFailingUpload(
      check,
      'an upload cancelled with parts under way leaves nothing',
      async function* (partSize, controller) {
        yield* pieces(Buffer.alloc(3 * partSize + kilobyte), megabyte)
        controller.abort(reason)
        yield Buffer.alloc(partSize)
      },
      isReason,
    )

    check('a read is cancelled in the middle', async (storage) => {
      await storage.put('long', randomBytes(6 * megabyte), content)
      const controller = new AbortController()
      const reading = async () => {
        for await (const chunk of storage.read('long', { signal: controller.signal })) {
          expect(chunk.length).toBeGreaterThan(0)
          controller.abort(reason)
        }
      }
      await expect(reading()).rejects.toBe(reason)
    })

    check('a listing is cancelled in the middle', async (storage) => {
      for (const key of ['a', 'b', 'c']) await storage.put(key, Buffer.alloc(1), index)
      const controller = new AbortController()
      const listing = storage.list('', { signal: controller.signal })[Symbol.asyncIterator]()
      expect((await listing.next()).value).toEqual({ key: 'a', size: 1 })
      controller.abort(reason)
      await expect(async () => {
        while (!(await listing.next()).done);
      }).rejects.toBe(reason)
    })
  })
}
