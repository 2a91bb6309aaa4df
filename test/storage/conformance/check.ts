import { expect, test } from 'vitest'
import { ObjectMissingError } from '../../../src/storage/errors.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { keysOf } from '../streams.ts'

export const content = { kind: 'content' } as const
export const index = { kind: 'index' } as const
export const kilobyte = 1024
export const megabyte = 1024 * 1024

/** An empty storage to test. */
export interface Subject extends AsyncDisposable {
  storage: Storage
  /** Whatever is there that `list` does not tell of: temporary files, unfinished uploads. */
  leftovers(): Promise<string[]>
  /** The same place, opened a second time, where the backend allows that. */
  reopen?(): Promise<Storage>
}

/** Adds a test with a subject of its own. */
export type Check = (story: string, run: (storage: Storage, subject: Subject) => Promise<void>) => void

export function checkOn(open: () => Promise<Subject>): Check {
  return (story, run) => {
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- both come from the caller
    test(story, async () => {
      await using subject = await open()
      await run(subject.storage, subject)
    })
  }
}

/** Adds a test of an upload that must fail with an error that `expected` knows, and leave nothing of itself behind. */
export function checkFailingUpload(
  check: Check,
  story: string,
  source: (partSize: number, controller: AbortController) => AsyncIterable<Uint8Array>,
  expected: (error: unknown) => void,
  size?: (partSize: number) => number,
): void {
  check(story, async (storage, subject) => {
    const { partSize } = storage.capabilities
    const controller = new AbortController()
    const options = { ...content, signal: controller.signal, size: size?.(partSize) }
    const failure = await storage.upload('a/b', source(partSize, controller), options).then(
      () => undefined,
      (error: unknown) => error,
    )
    expected(failure)
    await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
    expect(await keysOf(storage.list(''))).toEqual([])
    expect(await subject.leftovers()).toEqual([])
  })
}
