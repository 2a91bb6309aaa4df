import { createHash } from 'node:crypto'
import type { JobContext } from '../../shared/threads/serve.ts'
import { resumedFrom } from './contentSizes.ts'
import { hexDigest, partTakers, type ContentStore, type Delivery } from './delivery.ts'
import { pieces, readPart, type OpenFile, type Watch } from './fileReading.ts'
import type { LargeContent, LargeStore } from './largeUpload.ts'
import { Marker, partSizeFor, sha256Of } from './marks.ts'
import { metadataOf } from './metadata.ts'
import { readOutcome } from './readFailures.ts'
import { storeAtOnce } from './storeAtOnce.ts'
import type { FileToStore, ReadOutcome, StoredFile, StoreNote } from './storeMessages.ts'

/**
 * Stores a file that memory can't hold. It is read once for its hash, which its name needs, and then once more for each
 * delivery that takes it, at that delivery's own pace.
 * @throws what reading threw, when all deliveries have come to a halt; those that it stopped have no end yet.
 */
export async function storeInPieces(
  { wantSha1 }: FileToStore,
  file: OpenFile,
  deliveries: readonly Delivery[],
  context: JobContext,
): Promise<void> {
  const [first] = deliveries
  if (!first) return
  const { content, outcome } = await hashFile(file, wantSha1, first.memory, watching(context, 1 / 2))
  const { takers, others } = await partTakers(deliveries, outcome.sha256, context)
  for (const delivery of others) delivery.end({ outcome })
  const watch = watching(context, 1 / 2 / takers.length)
  const ends = await Promise.allSettled(
    takers.map(async (delivery) => {
      try {
        delivery.end({ outcome, object: await upload(delivery, content, watch) })
      } catch (error) {
        if (readOutcome(error)) throw error
        delivery.fail(error)
      }
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/**
 * Notes bytes, whole ones alone, for that is how they are counted and written down.
 * @param share of a pass through the file in all the work on it.
 */
function watching({ signal, note }: JobContext, share: number): Watch {
  let passed = 0
  let noted = 0
  return {
    signal,
    passed: (bytes) => {
      passed += bytes
      const whole = Math.floor(passed * share)
      note({ kind: 'progress', bytes: whole - noted } satisfies StoreNote)
      noted = whole
    },
  }
}

async function hashFile(
  file: OpenFile,
  wantSha1: boolean,
  memory: Buffer,
  watch: Watch,
): Promise<{ content: LargeContent; outcome: ReadOutcome & { status: 'read' } }> {
  const size = Number(file.stats.size)
  const marker = new Marker(partSizeFor(size))
  const sha1Hash = wantSha1 ? createHash('sha1') : undefined
  for await (const piece of pieces(file, memory, watch)) {
    marker.update(piece)
    sha1Hash?.update(piece)
  }
  const marks = marker.end()
  return {
    content: { ...marks, size, read: async (target, position) => await readPart(file, target, position) },
    outcome: {
      status: 'read',
      sha256: sha256Of(marks).toString('hex'),
      sha1: sha1Hash?.digest('hex'),
      size,
      metadata: metadataOf(file.stats),
    },
  }
}

/** Stores the content at one target. @throws UnstableFileError when it is no more what was hashed. */
async function upload(
  { target, store, memory }: Delivery,
  content: LargeContent,
  watch: Watch,
): Promise<NonNullable<StoredFile['object']>> {
  const largeStore = content.size < resumedFrom ? undefined : await largeStoreOf(store)
  if (largeStore) {
    // Notes load age and a validator, four fifths of a thread's code, which photos have no use for.
    const { storeLarge } = await import('./storeLarge.ts')
    const { object, earlierKey } = await storeLarge(largeStore, content, target.key, memory, watch)
    return { ...hexDigest(object), earlierKey }
  }
  const { vaultId, names } = store
  const place = { storage: await store.storage(), vaultId, names }
  return hexDigest(await storeAtOnce(place, content, target.key, memory, watch))
}

/** Where a content goes whose upload can be resumed; undefined when none can. */
async function largeStoreOf({
  storage: open,
  vaultId: id,
  names,
  resuming,
}: ContentStore): Promise<LargeStore | undefined> {
  const storage = await open()
  const { resumable } = storage
  if (!resuming || !resumable) return undefined
  const { keyIds, ...others } = resuming
  return { storage, resumable, id, keys: { names, keyIds }, ...others }
}
