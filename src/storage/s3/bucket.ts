import type { S3Client } from '@aws-sdk/client-s3'
import type { Pace } from '../limits/throttle.ts'
import type { S3Options } from '../options.ts'
import { createS3Client } from './client.ts'
import { attributesOf } from './creating.ts'
import { s3Error, type S3Call } from './errors.ts'
import { s3Setup, type S3Setup } from './setup.ts'
import type { CallOptions, ObjectKind } from '../storage.ts'

/** Sends a command with the options given. */
export type Operation<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>

type AboutCall = CallOptions & Omit<S3Call, 'bucket'>

/** A prefix in a bucket, and how calls to it are made. */
export class S3Bucket {
  readonly name: string
  readonly setup: S3Setup
  readonly client: S3Client
  readonly location: string
  /** Empty, or ends in a slash. */
  readonly prefix: string
  /** What bodies go out by. */
  readonly pace: Pace | undefined
  readonly #attributes: Pick<S3Options, 'storageClass' | 'lock' | 'encryption'>

  /** @throws UserError for options that do not go together. */
  constructor(options: S3Options, idleMs: number, pace?: Pace) {
    const { storageClass, lock, encryption } = options
    this.setup = s3Setup(options)
    this.name = options.bucket
    this.location = `s3://${options.bucket}/${options.prefix}`
    this.client = createS3Client(this.setup, options.credentials, idleMs)
    this.prefix = options.prefix === '' ? '' : `${options.prefix}/`
    this.pace = pace
    this.#attributes = { storageClass, lock, encryption }
  }

  /** The parameters that name an object. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: this.prefix + key }
  }

  /** Whether new objects are locked. */
  get locks(): boolean {
    return this.#attributes.lock !== undefined
  }

  /** The parameters that create an object. */
  creating(key: string, kind: ObjectKind) {
    return { ...this.at(key), ...attributesOf(kind, this.#attributes) }
  }

  /**
   * Makes one call with the options that `operation` hands to the SDK.
   * @throws the signal's reason when it aborted, otherwise an error of the storage contract.
   */
  async call<T>({ signal, ...about }: AboutCall, operation: Operation<T>): Promise<T> {
    signal?.throwIfAborted()
    try {
      return await operation(signal === undefined ? {} : { abortSignal: signal })
    } catch (error) {
      throw this.error(error, { signal, ...about })
    }
  }

  /** What to throw where the SDK threw `error`. */
  error(error: unknown, { signal, ...about }: AboutCall): unknown {
    return signal?.aborted ? signal.reason : s3Error(error, { ...about, bucket: this.name })
  }
}
