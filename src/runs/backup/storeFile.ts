import { hash } from 'node:crypto'
import { leadSize, ObjectEncryptor, objectSize } from '../../crypto/envelope.ts'
import { sleep } from '../../shared/abort.ts'
import type { JobContext } from '../../shared/threads/serve.ts'
import { objectContext, objectKey } from '../../vault/layout.ts'
import { createObject } from '../../vault/objects.ts'
import { objectName } from '../../vault/vaultKeys.ts'
import { hexDigest, partTakers, withDeliveries, type Delivery, type Workshop } from './delivery.ts'
import { readWhole, withFile, type OpenFile } from './fileReading.ts'
import { metadataOf } from './metadata.ts'
import { readOutcome } from './readFailures.ts'
import { storeInPieces } from './storeInPieces.ts'
import type { FileToStore, StoreFileJob } from './storeMessages.ts'
import { loanFor } from './workMemory.ts'

const attempts = 3

/**
 * Reads a file, and stores it at each target where the main thread says that its content is new.
 * A file that can't be read is an outcome; a storage that can't be written is that delivery's failure.
 */
export async function storeFile(job: StoreFileJob, workshop: Workshop, context: JobContext): Promise<void> {
  await withDeliveries(job.targets, loanFor(job.file.size), workshop, context, async (deliveries) => {
    let left = deliveries
    for (let attempt = 1; ; attempt++) {
      try {
        return await tryToStore(job.file, left, context)
      } catch (error) {
        const outcome = readOutcome(error)
        if (!outcome) throw error
        left = left.filter(({ ended }) => !ended)
        if (outcome.status !== 'unstable' || attempt === attempts) {
          for (const delivery of left) delivery.end({ outcome })
          return
        }
        await sleep(200 * attempt, context.signal)
      }
    }
  })
}

/** @throws what reading threw; deliveries that it stopped have no end yet. */
async function tryToStore(
  request: FileToStore,
  deliveries: readonly Delivery[],
  context: JobContext,
): Promise<void> {
  await withFile(request.path, async (file) =>
    objectSize(Number(file.stats.size)) <= loanFor(request.size)
      ? await storeWhole(request, file, deliveries, context)
      : await storeInPieces(request, file, deliveries, context),
  )
}

async function storeWhole(
  { wantSha1 }: FileToStore,
  file: OpenFile,
  deliveries: readonly Delivery[],
  context: JobContext,
): Promise<void> {
  const [first] = deliveries
  if (!first) return
  const size = Number(file.stats.size)
  const plaintext = first.memory.subarray(objectSize(size) - size, objectSize(size))
  await readWhole(file, plaintext)
  const sha256 = hash('sha256', plaintext)
  const sha1 = wantSha1 ? hash('sha1', plaintext) : undefined
  const outcome = { status: 'read', sha256, sha1, size, metadata: metadataOf(file.stats) } as const
  const { takers, others } = await partTakers(deliveries, sha256, context)
  // The plaintext lies in the first one's memory, and is gone once that holds the object: it comes last.
  const sealed = takers.toReversed().map((delivery) => ({ delivery, ...seal(delivery, sha256, plaintext) }))
  for (const delivery of others) delivery.end({ outcome })
  await Promise.all(
    sealed.map(async ({ delivery, place, object }) => {
      try {
        const options = { kind: 'content', signal: context.signal } as const
        const stored = await createObject(await delivery.store.storage(), place, object, options)
        delivery.end({ outcome, object: hexDigest(stored) })
      } catch (error) {
        delivery.fail(error)
      }
    }),
  )
}

/** The object for a delivery, in its memory. */
function seal(
  { target, store, memory }: Delivery,
  sha256: string,
  plaintext: Buffer,
): { place: string; object: Buffer } {
  const place = objectKey(objectName(store.names, Buffer.from(sha256, 'hex'), target.key.id))
  const encryptor = new ObjectEncryptor(target.key, objectContext(store.vaultId, place))
  const object = memory.subarray(0, objectSize(plaintext.length))
  encryptor.seal(plaintext, object.subarray(leadSize), true)
  object.set(encryptor.lead)
  return { place, object }
}
