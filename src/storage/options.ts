/*
 * What each backend is opened with: plain data with secrets resolved, so that worker threads open their own storage
 * from it. It never goes to a log, an error or a process list.
 */

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
