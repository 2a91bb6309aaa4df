import { hash } from 'node:crypto'
import { readSmallFile } from '../../immich/smallFile.ts'
import { encryptObject } from '../../crypto/envelope.ts'
import type { JobContext } from '../../shared/threads/serve.ts'
import { packPrefix, objectContext } from '../../vault/layout.ts'
import { createObject } from '../../vault/objects.ts'
import { buildPack } from '../../vault/pack.ts'
import { askWhoWants, withDeliveries, type Delivery, type Workshop } from './delivery.ts'
import { outcomeOfFailure } from './readFailures.ts'
import { metadataOf } from './metadata.ts'
import { packedSizeLimit } from './contentSizes.ts'
import { largestLoan } from './workMemory.ts'
import type { FileToStore, PackTarget, ReadOutcome, StoreBatchJob, StoredBatch } from './storeMessages.ts'

/** Reads small files once, and stores at each target those with new contents as one pack. */
export async function storeBatch(job: StoreBatchJob, workshop: Workshop, context: JobContext): Promise<void> {
  await withDeliveries(job.targets, largestLoan, workshop, context, async (deliveries) => {
    const contents = new Map<string, Buffer>()
    const outcomes: ReadOutcome[] = []
    for (const file of job.files) {
      context.signal.throwIfAborted()
      const { outcome, bytes } = readAndHash(file)
      outcomes.push(outcome)
      if (outcome.status === 'read' && bytes) contents.set(outcome.sha256, bytes)
    }
    const hashes = [...contents.keys()]
    const answers = hashes.length === 0 ? [] : await askWhoWants(deliveries, hashes, context)
    const packed = answers.flatMap(({ delivery, wanted }) => {
      const fresh = [...contents].filter((_, i) => wanted[i] === true)
      return fresh.length === 0 ? [] : [{ delivery, ...sealPack(delivery, fresh) }]
    })
    for (const delivery of deliveries)
      if (!packed.some((pack) => pack.delivery === delivery)) delivery.end({ outcomes })
    contents.clear()
    await Promise.all(
      packed.map(async ({ delivery, place, object, ...pack }) => {
        try {
          const options = { kind: 'content', signal: context.signal } as const
          const stored = await createObject(await delivery.store.storage(), place, object, options)
          const ciphertextSha256 = stored.sha256.toString('hex')
          delivery.end({ outcomes, pack: { ...pack, ciphertextSha256, size: stored.size } })
        } catch (error) {
          delivery.fail(error)
        }
      }),
    )
  })
}

function sealPack(
  { target, store }: Delivery<PackTarget>,
  contents: readonly [sha256: string, bytes: Buffer][],
): { place: string; object: Buffer } & Pick<NonNullable<StoredBatch['pack']>, 'plaintextSize' | 'members'> {
  const { plaintext, members } = buildPack(
    contents.map(([sha256, bytes]) => ({ sha256: Buffer.from(sha256, 'hex'), bytes })),
  )
  const place = `${packPrefix}${target.packName}`
  return {
    place,
    object: encryptObject(target.key, objectContext(store.vaultId, place), plaintext),
    plaintextSize: plaintext.length,
    members: members.map((member) => ({ ...member, sha256: Buffer.from(member.sha256).toString('hex') })),
  }
}

function readAndHash(file: FileToStore): { outcome: ReadOutcome; bytes?: Buffer } {
  try {
    const { stats, bytes, changed } = readSmallFile(file.path, packedSizeLimit)
    // A file that changes is tried again as a file of its own, which knows how to wait.
    if (!bytes || changed) return { outcome: { status: 'grown' } }
    const sha256 = hash('sha256', bytes)
    const sha1 = file.wantSha1 ? hash('sha1', bytes) : undefined
    return {
      bytes,
      outcome: { status: 'read', sha256, sha1, size: bytes.length, metadata: metadataOf(stats) },
    }
  } catch (error) {
    return { outcome: outcomeOfFailure(error) }
  }
}
