/*
 * What every storage has to keep, as tests. A backend's own test file calls `conformance` with a way to open an empty
 * storage of its kind.
 */
import { describe, expect } from 'vitest'
import { cancelling } from './conformance/cancelling.ts'
import { checkOn, type Subject } from './conformance/check.ts'
import { creating } from './conformance/creating.ts'
import { keys } from './conformance/keys.ts'
import { listing } from './conformance/listing.ts'
import { reading } from './conformance/reading.ts'
import { resuming } from './conformance/resuming.ts'
import { trying } from './conformance/trying.ts'
import { uploading } from './conformance/uploading.ts'
import { whole } from './conformance/whole.ts'

/** Adds the suite. Each test opens a storage of its own. */
export function conformance(open: () => Promise<Subject>, { resumable = false } = {}): void {
  describe('the storage contract', () => {
    const check = checkOn(open)
    for (const add of [creating, uploading, cancelling, reading, listing, keys, whole, trying]) add(check)
    if (resumable) resuming(check)
    else
      check('it has no resumable uploads', async (storage) => {
        expect(storage.resumable).toBeUndefined()
      })
  })
}
