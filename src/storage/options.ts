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

export const s3Providers = [
  'aws',
  'b2',
  'r2',
  'wasabi',
  'minio',
  'garage',
  'seaweedfs',
  'ceph',
  'other',
] as const
export type S3Provider = (typeof s3Providers)[number]

export interface S3Options {
  type: 's3'
  /** Whose dialect is spoken; `aws` where it is absent. What is given of the fields below wins over it. */
  provider?: S3Provider | undefined
  bucket: string
  /** Key prefix without slashes at its ends; empty for none. */
  prefix: string
  region?: string | undefined
  /** Of Cloudflare. */
  accountId?: string | undefined
  endpoint?: string | undefined
  forcePathStyle?: boolean | undefined
  /** Which requests heed `If-None-Match: *`. */
  conditionalWrites?: 'all' | 'put' | 'none' | undefined
  /** What the server holds bodies against. */
  checksum?: 'sha256' | 'md5' | undefined
  /** Storage class of `content` objects; everything else is STANDARD. */
  storageClass?: string | undefined
  /** Nobody deletes an object, or in governance mode nobody without a special right, for so many days from its upload. */
  lock?: { mode: 'governance' | 'compliance'; days: number } | undefined
  /** The server encrypts with a key of its own, or with this one of its key service. */
  encryption?: 's3' | { kmsKeyId: string } | undefined
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

export interface RcloneOptions {
  type: 'rclone'
  /** A remote of rclone's configuration, and a path in it: `name:path`. */
  remote: string
  /** Absolute path of rclone's configuration. Absent: where rclone itself looks for it. */
  config?: string | undefined
  /** Opens that configuration where it is encrypted. */
  configPassword?: string | undefined
  /** The running rclone, for every thread. `prepareStorage` starts it, and takes the password out. */
  daemon?: RcloneAddress | undefined
}

/** How a running rclone is reached. */
export interface RcloneAddress {
  /** On loopback. */
  port: number
  password: string
  /** Absolute path of what it logs. */
  log: string
}

export interface SftpOptions {
  type: 'sftp'
  host: string
  port: number
  user: string
  /** A folder on the server; one without a slash at its beginning lies where the account begins. */
  path: string
  /** What the server's key may be: fingerprints (`SHA256:...`) or public keys (`ssh-ed25519 AAAA...`). */
  hostKeys: readonly string[]
  /** In OpenSSH's format or PEM. */
  privateKey?: string | undefined
  /** Of the private key. */
  passphrase?: string | undefined
  /** Path of the socket of an ssh-agent. */
  agent?: string | undefined
  password?: string | undefined
  /** At most so many connections at once, for each time that the storage is opened. */
  connections: number
}

export interface DriveOptions {
  type: 'drive'
  /** Id of a folder, or of a shared drive. Absent: the root of My Drive. */
  folder?: string | undefined
  /** Names of folders below it with slashes between, none at the ends; empty for the folder itself. */
  prefix: string
  /** The JSON file of a service account's key, or what an app was given to act for a user. */
  credentials: { serviceAccount: string } | { clientId: string; clientSecret: string; refreshToken: string }
  /** Where the ids are remembered that this machine made things under. Absent: in memory, by each thread alone. */
  cacheFolder?: string | undefined
  /** URL of another server that speaks Drive's protocol, and gives access tokens at `token` below it. */
  endpoint?: string | undefined
}

export type BackendOptions =
  LocalOptions | S3Options | GcsOptions | RcloneOptions | SftpOptions | DriveOptions

export type StorageOptions = BackendOptions & {
  /** All of these are kept to. */
  limits?: readonly Limits[] | undefined
}
