/*
 * What the providers claim. `check` finds out whether a bucket keeps to it; where it does not, or a newer version can
 * do more, the fields of the configuration win over these.
 */
import type { S3Provider } from '../options.ts'

export interface Dialect {
  /** URL of the service, where a region or an account tell it. AWS's is known to its SDK. */
  endpoint?: (place: { region: string; accountId: string }) => string
  /** What has to be configured, because nobody else knows it. */
  needs?: 'endpoint' | 'region' | 'accountId'
  /** Where none is configured. */
  region: string
  /** The bucket stands in the URL's path, not in its host name. */
  pathStyle: boolean
  /** Which requests heed `If-None-Match: *`: PutObject and CompleteMultipartUpload, the first alone, or none. */
  conditionalWrites: 'all' | 'put' | 'none'
  /** What bodies are held against: `x-amz-checksum-sha256`, or `Content-MD5` where that is not known. */
  checksum: 'sha256' | 'md5'
  /** Names for `storageClass`; undefined where everybody makes their own. */
  storageClasses: readonly string[] | undefined
  /** Classes whose objects have to be restored (RestoreObject) before they can be read. */
  frozenClasses: readonly string[]
  /** Object Lock: retention for each object. */
  lock: boolean
  /** Which server-side encryption can be asked for. */
  encryption: readonly ('s3' | 'kms')[]
  /** What removes the parts of uploads that never ended, as a sentence. */
  unfinished: string
}

const lifecycleRule =
  'A lifecycle rule of the bucket with AbortIncompleteMultipartUpload removes them after some days; at least 7 leave time to go on with an upload.'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html, storage-class-intro.html, object-lock.html */
const aws: Dialect = {
  region: 'us-east-1',
  pathStyle: false,
  conditionalWrites: 'all',
  checksum: 'sha256',
  storageClasses: [
    'STANDARD',
    'STANDARD_IA',
    'ONEZONE_IA',
    'INTELLIGENT_TIERING',
    'GLACIER_IR',
    'GLACIER',
    'DEEP_ARCHIVE',
  ],
  frozenClasses: ['GLACIER', 'DEEP_ARCHIVE'],
  lock: true,
  encryption: ['s3', 'kms'],
  unfinished: lifecycleRule,
}

/** A server of one's own: somewhere, and with the bucket in the path, because the name would need DNS of its own. */
const selfHosted: Dialect = {
  ...aws,
  needs: 'endpoint',
  pathStyle: true,
  storageClasses: undefined,
  frozenClasses: [],
}

export const dialects: Readonly<Record<S3Provider, Dialect>> = {
  aws,

  /**
   * https://www.backblaze.com/docs/cloud-storage-s3-compatible-api: endpoint, Object Lock, SSE-B2, no storage classes.
   * `If-None-Match` on a PUT is answered 501 (https://github.com/lance-format/lance/issues/5614). SHA-256 headers were
   * refused for long, and are not in the documentation.
   */
  b2: {
    endpoint: ({ region }) => `https://s3.${region}.backblazeb2.com`,
    needs: 'region',
    region: '',
    pathStyle: false,
    conditionalWrites: 'none',
    checksum: 'md5',
    storageClasses: ['STANDARD'],
    frozenClasses: [],
    lock: true,
    encryption: ['s3'],
    unfinished:
      'A lifecycle rule of the bucket with daysFromStartingToCancelingUnfinishedLargeFiles removes them.',
  },

  /**
   * https://developers.cloudflare.com/r2/api/s3/api/ and /conditional-operations/. There are bucket locks instead of
   * Object Lock, and no versions.
   */
  r2: {
    endpoint: ({ accountId }) => `https://${accountId}.r2.cloudflarestorage.com`,
    needs: 'accountId',
    region: 'auto',
    pathStyle: false,
    conditionalWrites: 'all',
    checksum: 'sha256',
    storageClasses: ['STANDARD', 'STANDARD_IA'],
    frozenClasses: [],
    lock: false,
    encryption: [],
    unfinished: 'R2 removes them after 7 days, unless the bucket has another lifecycle rule for that.',
  },

  /**
   * https://docs.wasabi.com/apidocs/object-lock-with-the-wasabi-s3-api: Object Lock. Nothing there speaks of conditional
   * writes or of checksum headers.
   */
  wasabi: {
    endpoint: ({ region }) => `https://s3.${region}.wasabisys.com`,
    region: 'us-east-1',
    pathStyle: false,
    conditionalWrites: 'none',
    checksum: 'md5',
    storageClasses: ['STANDARD'],
    frozenClasses: [],
    lock: true,
    encryption: ['s3'],
    unfinished: lifecycleRule,
  },

  /** https://github.com/minio/minio, cmd/erasure-object.go and cmd/erasure-multipart.go: both under the object's lock. */
  minio: {
    ...selfHosted,
    storageClasses: ['STANDARD', 'REDUCED_REDUNDANCY'],
    unfinished: 'MinIO removes them after its stale_uploads_expiry, 24 hours unless it was set otherwise.',
  },

  /**
   * https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/: no versions, no Object Lock, no
   * server-side encryption with keys of its own. PutObject of version 2.0 reads no `If-None-Match` (src/api/s3/put.rs).
   */
  garage: {
    ...selfHosted,
    region: 'garage',
    conditionalWrites: 'none',
    storageClasses: ['STANDARD'],
    lock: false,
    encryption: [],
  },

  /**
   * Conditional since 3.97 (https://github.com/seaweedfs/seaweedfs/pull/7154), but two writers at once both won until the
   * spring of 2026 (issue 8800): use a later version.
   */
  seaweedfs: selfHosted,

  /** Seen on 20.2. Version 18 heeds no `If-None-Match` on CompleteMultipartUpload, and checks no checksum header. */
  ceph: selfHosted,

  other: { ...selfHosted, pathStyle: false },
}
