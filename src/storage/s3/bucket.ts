import type { S3Client, StorageClass } from '@aws-sdk/client-s3'
import type { S3Options } from '../options.ts'
import { createS3Client } from './client.ts'
import { s3Error, type S3Call } from './errors.ts'
import type { CallOptions, CreateOptions } from '../storage.ts'

/** Sends a command with the options given. */
export type Operation<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>

type AboutCall = CallOptions & Omit<S3Call, 'bucket'>

/** A prefix in a bucket, and how calls to it are made. */
export class S3Bucket {
  readonly name: string
  readonly client: S3Client
  readonly location: string
  /** Empty, or ends in a slash. */
  readonly prefix: string
  readonly #storageClass: S3Options['storageClass']

  constructor(options: S3Options, idleMs: number) {
    this.name = options.bucket
    this.location = `s3://${options.bucket}/${options.prefix}`
    this.client = createS3Client(options, idleMs)
    this.prefix = options.prefix === '' ? '' : `${options.prefix}/`
    this.#storageClass = options.storageClass
  }

  /** The parameters that name an object. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: this.prefix + key }
  }

  /** The parameters that create an object: contents alone go into the configured storage class. */
  creating(key: string, { kind }: CreateOptions) {
    const storageClass = kind === 'content' ? this.#storageClass : undefined
    return { ...this.at(key), StorageClass: storageClass as StorageClass | undefined }
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
