import type { CallOptions, Storage } from '../../storage/storage.ts'
import { damaged } from '../read/outcome.ts'
import type { Findings } from './finding.ts'

/** Where something should lie, and with how many bytes. */
export interface ExpectedObject {
  key: string
  size: number
}

/**
 * Holds a listing against what should be there. Both are walked side by side, so that memory does not grow with them.
 * @param expected in byte order of the keys, all of them below `prefix`.
 */
export async function checkSizesByListing(
  storage: Storage,
  prefix: string,
  expected: Iterable<ExpectedObject>,
  findings: Findings,
  options: CallOptions,
): Promise<void> {
  const wanted = expected[Symbol.iterator]()
  let next = wanted.next()
  for await (const { key, size } of storage.list(prefix, options)) {
    while (!next.done && next.value.key < key) {
      findings.add(next.value.key, missing)
      next = wanted.next()
    }
    if (!next.done && next.value.key === key) {
      if (next.value.size !== size) findings.add(key, wrongSize(next.value.size, size))
      next = wanted.next()
    }
    if (next.done) return
  }
  for (; !next.done; next = wanted.next()) findings.add(next.value.key, missing)
}

/** Asks for the size of each object: cheaper than a listing when they are few. */
export async function checkSizesOneByOne(
  storage: Storage,
  expected: readonly ExpectedObject[],
  findings: Findings,
  options: CallOptions,
): Promise<void> {
  for (let i = 0; i < expected.length; i += atOnce) {
    const checks = expected.slice(i, i + atOnce).map(async ({ key, size }) => {
      await findings.check(key, async () => {
        const found = await storage.stat(key, options)
        if (found.size !== size) findings.add(key, wrongSize(size, found.size))
      })
    })
    await Promise.all(checks)
  }
}

const atOnce = 16
const missing = { kind: 'missing', message: 'the object is gone' } as const

function wrongSize(expected: number, found: number): ReturnType<typeof damaged> {
  return damaged(`the object has ${found} bytes, and should have ${expected}`)
}
