import { hash } from 'node:crypto'
import { readSmallFile } from '../../immich/smallFile.ts'
import { encryptObject } from '../../crypto/envelope.ts'
import type { JobContext } from '../../shared/threads/serve.ts'

import { packPrefix, objectContext } from '../../vault/layout.ts'
import { createObject } from '../../vault/objects.ts'
import { buildPack } from '../../vault/pack.ts'
import { metadataOf } from './metadata.ts'
import { outcomeOfFailure } from './readFailures.ts'
import type { ContentStore } from './storeFile.ts'
import type { FileToStore, ReadOutcome, StoreBatchJob, StoredBatch } from './storeMessages.ts'

/** A content below this size goes into a pack: archive classes bill 40 KB and a request for each object. */
export const packedSizeLimit = 256 * 1024

/** Reads small files and stores those with new contents as one pack. */
export async function storeBatch(
  store: ContentStore,
  job: StoreBatchJob,
  context: JobContext,
): Promise<StoredBatch> {
  const contents = new Map<string, Buffer>()
  const outcomes: ReadOutcome[] = []
  for (const file of job.files) {
    context.signal.throwIfAborted()
    const { outcome, bytes } = readAndHash(file)
    outcomes.push(outcome)
    if (outcome.status === 'read' && bytes) contents.set(outcome.sha256, bytes)
  }
  const distinct = [...contents.entries()]
  if (distinct.length === 0) return { outcomes }
  const wanted = (await context.ask(distinct.map(([sha256]) => sha256))) as boolean[]
  const fresh = distinct.filter((_, i) => wanted[i] === true)
  if (fresh.length === 0) return { outcomes }

  const { plaintext, members } = buildPack(
    fresh.map(([sha256, bytes]) => ({ sha256: Buffer.from(sha256, 'hex'), bytes })),
  )
  const place = `${packPrefix}${job.packName}`
  const object = encryptObject(job.key, objectContext(store.vaultId, place), plaintext)
  const stored = await createObject(store.storage, place, object, { kind: 'content', signal: context.signal })
  return {
    outcomes,
    pack: {
      plaintextSize: plaintext.length,
      ciphertextSha256: stored.sha256.toString('hex'),
      size: stored.size,
      members: members.map((member) => ({ ...member, sha256: Buffer.from(member.sha256).toString('hex') })),
    },
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
