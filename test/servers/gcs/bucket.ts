import { CRC32C } from '@google-cloud/storage'
import { createHash } from 'node:crypto'
import { ApiError } from './answers.ts'

export interface Checksums {
  crc32c?: string | undefined
  md5Hash?: string | undefined
}

/** What a client says of an object that it creates. */
export interface Metadata extends Checksums {
  name?: string
  contentType?: string
  storageClass?: string
}

export interface StoredObject {
  bytes: Buffer
  /** As the API shows it. */
  resource: Required<Metadata> & {
    kind: string
    bucket: string
    size: string
    generation: string
    timeCreated: string
  }
}

const storageClasses = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE']
let lastGeneration = Date.now() * 1000

/** The objects of one bucket, and the permissions that the account has on it. */
export class Bucket {
  readonly name: string
  storageClass = 'STANDARD'
  versioning = false
  softDeleteSeconds = 0
  /** The most names in a page. Google's own have 1000; what spans several is sooner made so. */
  pageSize = 100
  readonly denied = new Set<string>()
  /** Whether the account has a permission: on an object, or on the bucket where no object is named. */
  rights: (permission: string, object?: string) => boolean = () => true
  readonly objects = new Map<string, StoredObject>()

  constructor(name: string) {
    this.name = name
  }

  get resource(): object {
    return {
      kind: 'storage#bucket',
      name: this.name,
      storageClass: this.storageClass,
      versioning: { enabled: this.versioning },
      softDeletePolicy: { retentionDurationSeconds: String(this.softDeleteSeconds) },
    }
  }

  /** @throws ApiError when the account lacks a permission: `storage.objects.create`. */
  require(permission: string, object?: string): void {
    if (!this.denied.has(permission) && this.rights(permission, object)) return
    throw new ApiError(403, 'forbidden', `Caller does not have ${permission} access to ${this.name}.`)
  }

  get(name: string): StoredObject {
    this.require('storage.objects.get', name)
    const object = this.objects.get(name)
    if (object === undefined) throw new ApiError(404, 'notFound', `No such object: ${this.name}/${name}`)
    return object
  }

  /** @param query `ifGenerationMatch`; what else is in it does not matter. */
  insert(metadata: Metadata, bytes: Buffer, query: URLSearchParams): StoredObject {
    this.require('storage.objects.create', metadata.name)
    const { name = '', storageClass = this.storageClass, contentType = 'application/octet-stream' } = metadata
    if (name === '') throw new ApiError(400, 'required', 'Required')
    if (!storageClasses.includes(storageClass)) throw new ApiError(400, 'invalid', 'Invalid argument.')
    const checksums = checkedSums(bytes, metadata)
    this.#precondition(name, query.get('ifGenerationMatch'))
    lastGeneration += 1
    const resource = {
      kind: 'storage#object',
      bucket: this.name,
      name,
      contentType,
      storageClass,
      size: String(bytes.length),
      generation: String(lastGeneration),
      timeCreated: new Date().toISOString(),
      ...checksums,
    }
    const object = { bytes, resource }
    this.objects.set(name, object)
    return object
  }

  list(query: URLSearchParams): object {
    this.require('storage.objects.list')
    const prefix = query.get('prefix') ?? ''
    const offset = query.get('startOffset') ?? ''
    const after = Buffer.from(query.get('pageToken') ?? '', 'base64').toString()
    const count = Math.min(Number(query.get('maxResults') ?? this.pageSize), this.pageSize)
    const names = [...this.objects.keys()]
      .filter((name) => name.startsWith(prefix) && compare(name, offset) >= 0 && compare(name, after) > 0)
      .sort(compare)
    const items = names.slice(0, count).map((name) => this.objects.get(name)?.resource)
    const nextPageToken = Buffer.from(names[count - 1] ?? '').toString('base64')
    return {
      kind: 'storage#objects',
      ...(items.length > 0 && { items }),
      ...(names.length > count && { nextPageToken }),
    }
  }

  delete(name: string): void {
    this.require('storage.objects.delete', name)
    if (!this.objects.delete(name))
      throw new ApiError(404, 'notFound', `No such object: ${this.name}/${name}`)
  }

  #precondition(name: string, generation: string | null): void {
    const existing = this.objects.get(name)
    if (generation !== null && generation !== (existing?.resource.generation ?? '0')) {
      throw new ApiError(
        412,
        'conditionNotMet',
        'At least one of the pre-conditions you specified did not hold.',
      )
    }
    if (existing !== undefined) this.require('storage.objects.delete', name)
  }
}

/** Names are ordered by their UTF-8 bytes. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** @throws ApiError when the client gave a checksum of other bytes. */
function checkedSums(bytes: Buffer, given: Checksums): Required<Checksums> {
  const crc = new CRC32C()
  crc.update(bytes)
  const crc32c = crc.toString()
  const md5Hash = createHash('md5').update(bytes).digest('base64')
  if (given.crc32c !== undefined && given.crc32c !== crc32c) throw mismatch('CRC32C', given.crc32c, crc32c)
  if (given.md5Hash !== undefined && given.md5Hash !== md5Hash) throw mismatch('MD5', given.md5Hash, md5Hash)
  return { crc32c, md5Hash }
}

function mismatch(kind: string, given: string, calculated: string): ApiError {
  const message = `Provided ${kind} "${given}" doesn't match calculated ${kind} "${calculated}".`
  return new ApiError(400, 'invalid', message)
}
