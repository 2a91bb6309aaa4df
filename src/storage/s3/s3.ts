import { HeadBucketCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { Semaphore } from '../../shared/semaphore.ts'
import { checkedSource, inParts, rangeWithin } from '../bytes.ts'
import { AccessDeniedError, ObjectMissingError } from '../errors.ts'
import { assertKey, assertPrefix } from '../keys.ts'
import type { Leftovers } from '../leftovers.ts'
import type { Pace } from '../limits/throttle.ts'
import type { S3Options } from '../options.ts'
import type { ResumableUploads } from '../resumable.ts'
import { defaultRetryPolicy, retrying, type RetryPolicy } from '../retry.ts'
import { bodyWithChecksum, checksumOf } from './body.ts'
import { S3Bucket } from './bucket.ts'
import { onlyCreating } from './creating.ts'
import { missingBucket } from './errors.ts'
import { S3Leftovers } from './leftovers.ts'
import { listObjects } from './list.ts'
import { minPartSize } from './multipart.ts'
import { readObject } from './read.ts'
import { S3ResumableUploads } from './resumable.ts'
import type { S3Setup } from './setup.ts'
import { S3Thawing } from './thawing.ts'
import { S3Trial } from './trial.ts'
import { partSizeFor, uploadInParts } from './upload.ts'
import type { Thawing } from '../thawing.ts'
import type { Trial } from '../trial.ts'
import type {
  CallOptions,
  Capabilities,
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../storage.ts'

/** Of all uploads together: while one part is filled, the others are under way. */
const partsInMemory = 3

/** How long a server's failures are borne. */
export interface S3Patience {
  /** For the parts of an upload: whole calls are tried again by the wrapper of retry.ts. */
  retry: RetryPolicy
  /** Milliseconds without any progress after which a connection is given up. */
  idleMs: number
}

/**
 * Opens a bucket. Nothing is asked of the server yet.
 * @param pace what bodies go out by.
 */
export function openS3(
  options: S3Options,
  { retry, idleMs }: S3Patience = { retry: defaultRetryPolicy, idleMs: 60_000 },
  pace?: Pace,
): Storage {
  return new S3Storage(new S3Bucket(options, idleMs, pace), retry)
}

function capabilitiesOf({ conditionalWrites, checksum }: S3Setup): Capabilities {
  return {
    atomicCreate: conditionalWrites === 'all',
    durable: true,
    checksum,
    // The least that S3 takes: what is in memory counts, not the number of requests.
    partSize: minPartSize,
    concurrency: 16,
    reopenable: true,
  }
}

/**
 * Objects below a prefix of a bucket. Every create is conditional (`If-None-Match: *`), where the server heeds that, and
 * carries its checksum.
 */
class S3Storage implements Storage {
  readonly capabilities: Capabilities
  readonly location: string
  readonly resumable: ResumableUploads
  readonly leftovers: Leftovers
  readonly thawing: Thawing | undefined
  readonly trial: Trial
  readonly #bucket: S3Bucket
  readonly #policy: RetryPolicy
  readonly #partMemory = new Semaphore(partsInMemory)

  constructor(bucket: S3Bucket, policy: RetryPolicy) {
    this.location = bucket.location
    this.capabilities = capabilitiesOf(bucket.setup)
    this.resumable = new S3ResumableUploads(bucket, policy)
    this.leftovers = new S3Leftovers(bucket)
    this.thawing = bucket.setup.frozenClasses.length === 0 ? undefined : new S3Thawing(bucket)
    this.trial = new S3Trial(bucket)
    this.#bucket = bucket
    this.#policy = policy
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    assertKey(key)
    const command = new PutObjectCommand({
      ...this.#bucket.creating(key, options.kind),
      ...(await onlyCreating(this.#bucket, key, 'put', options)),
      ...bodyWithChecksum(
        bytes,
        checksumOf(bytes, this.#bucket.setup.checksum, options.sha256),
        this.#bucket.pace,
      ),
    })
    await this.#bucket.call({ key, signal: options.signal }, (send) =>
      this.#bucket.client.send(command, send),
    )
  }

  async upload(key: string, source: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<void> {
    assertKey(key)
    const partSize = partSizeFor(options.size, this.capabilities.partSize)
    const parts = inParts(checkedSource(key, source, options), partSize, this.#partMemory)
    try {
      const next = await parts.next()
      using first = next.done ? undefined : next.value
      if (first?.bytes.length === partSize) {
        const all = startingWith(first, parts)
        await uploadInParts(this.#bucket, key, all, { ...options, policy: this.#policy })
      } else {
        // A short part is the last one: the source has ended well.
        const bytes = first?.bytes ?? new Uint8Array(0)
        const { kind, signal } = options
        await retrying(() => this.put(key, bytes, { kind, signal }), { policy: this.#policy, signal })
      }
    } finally {
      await parts.return()
    }
  }

  async *read(key: string, { range, signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    assertKey(key)
    if (range?.length === 0) {
      // HTTP has no empty range, but whether it begins within the object still has to be told.
      rangeWithin(key, (await this.stat(key, { signal })).size, range)
      return
    }
    yield* readObject(this.#bucket, key, { range, signal })
  }

  async stat(key: string, { signal }: CallOptions = {}): Promise<{ size: number }> {
    assertKey(key)
    const about = { key, signal }
    try {
      const command = new HeadObjectCommand(this.#bucket.at(key))
      const answer = await this.#bucket.call(about, (send) => this.#bucket.client.send(command, send))
      return { size: answer.ContentLength ?? 0 }
    } catch (error) {
      // The answer to HEAD has no body to tell a missing bucket from a missing object.
      if (error instanceof ObjectMissingError) await this.#requireBucket(about)
      throw error
    }
  }

  async *list(prefix: string, { after, signal }: ListOptions = {}): AsyncGenerator<ListedObject> {
    assertPrefix(prefix)
    for await (const { key, size } of listObjects(this.#bucket, prefix, { after, signal })) {
      yield { key, size }
    }
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy()
  }

  /** @throws UserError when there is no such bucket. Credentials that may not ask do not prove that. */
  async #requireBucket(about: CallOptions & { key: string }): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#bucket.name })
    try {
      await this.#bucket.call(about, (send) => this.#bucket.client.send(command, send))
    } catch (error) {
      if (error instanceof ObjectMissingError) throw missingBucket(this.#bucket.name, error)
      if (!(error instanceof AccessDeniedError)) throw error
    }
  }
}

/** Hands back what was taken from a stream to look at it. */
async function* startingWith<T>(taken: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield taken
  yield* rest
}
