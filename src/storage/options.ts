/*
 * What each backend is opened with: plain data with secrets resolved, so that worker threads open their own storage
 * from it. It never goes to a log, an error or a process list.
 */
import type { Limits } from './limits/limits.ts'

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

export interface GcsOptions {
  type: 'gcs'
  bucket: string
  /** Key prefix without slashes at its ends; empty for none. */
  prefix: string
  /** Another URL of the service than Google's public one. */
  endpoint?: string | undefined
  /** Storage class of `content` objects, the bucket's own where it is absent; everything else is STANDARD. */
  storageClass?: string | undefined
  /** JSON of a service account's key, or of any other credentials of Google's. Absent: application default credentials. */
  credentials?: string | undefined
}

export type BackendOptions = LocalOptions | S3Options | GcsOptions

export type StorageOptions = BackendOptions & {
  /** All of these are kept to. */
  limits?: readonly Limits[] | undefined
}
