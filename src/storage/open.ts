/*
 * The one place that knows every backend. Each is imported only when used, so that a local backup never loads the
 * AWS SDK. Options are plain data with their secrets resolved: worker threads open their own storage from them.
 */
import { withLimit } from './limit.ts'
import { withRetry } from './retry.ts'
import type { Storage } from './storage.ts'

export interface LocalOptions {
  type: 'local'
  /** Absolute path of an existing folder. */
  path: string
}

export interface S3Options {
  type: 's3'
  bucket: string
  /** Key prefix without slashes at its ends; empty for none. */
  prefix: string
  region: string
  endpoint?: string | undefined
  forcePathStyle?: boolean | undefined
  /** Storage class of `content` objects; everything else is STANDARD. */
  storageClass?: string | undefined
  /** Absent: the SDK's own provider chain (environment, profile, workload identity). */
  credentials?:
    { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined } | undefined
}

export type StorageOptions = LocalOptions | S3Options

/**
 * Opens a storage, with retry and limits around the backend.
 * @throws UserError when the place cannot be used at all (a local folder that is not there).
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  if (options.type === 'local') {
    const { openLocal } = await import('./local.ts')
    return withLimit(await openLocal(options.path))
  }
  const { openS3 } = await import('./s3.ts')
  return withLimit(withRetry(openS3(options)))
}
