import { objectSize } from '../../crypto/envelope.ts'
import type { ResumableUploads } from '../../storage/resumable.ts'
import type { Storage } from '../../storage/storage.ts'
import { packSize } from '../../vault/pack.ts'
import { pieceSizeFor } from '../backup/largeUpload.ts'
import { ParcelMaker, type Parcel } from '../backup/parcels.ts'
import { wholeFileLimit } from '../backup/workMemory.ts'
import { resumedFrom } from '../backup/contentSizes.ts'
import { nothing, oneObject, sum, type Amount } from './amounts.ts'
import type { VaultRequests } from './cost.ts'
import { noRequests, type Requests } from './requests.ts'

/** How a storage takes objects. */
export interface UploadWay {
  /** Bytes of a part of a large object. */
  partSize: number
  /** Whether it is asked first if the object is there. */
  looksFirst: boolean
  /** Undefined: large uploads can't be resumed, so no notes are made of them. */
  resumable: Pick<ResumableUploads, 'pieceUnit' | 'maxPieces'> | undefined
}

export function uploadWayOf({ capabilities, resumable }: Storage, canResume: boolean): UploadWay {
  const { partSize, atomicCreate } = capabilities
  return { partSize, looksFirst: !atomicCreate, resumable: canResume ? resumable : undefined }
}

/** Foretells what storing files makes of them: objects and packs as a backup makes them, and the requests for it. */
export class UploadForecast {
  content: Amount = nothing
  readonly requests: VaultRequests = { content: { ...noRequests }, index: { ...noRequests } }
  readonly #way: UploadWay
  readonly #parcels = new ParcelMaker()

  constructor(way: UploadWay) {
    this.#way = way
  }

  /** Adds a file that a backup reads, in the order of the walk. @param size in bytes. */
  add(size: number): void {
    const parcel = this.#parcels.add({ directory: '', name: '', size, lackedBy: 1, newTo: 0 })
    if (parcel) this.#store(parcel)
  }

  /** Packs what is left, after the last file. */
  end(): void {
    for (const parcel of this.#parcels.rest()) this.#store(parcel)
  }

  #store({ files, packed }: Parcel): void {
    const plaintext = packed
      ? packSize(files.map(({ size }) => size))
      : files.reduce((bytes, { size }) => bytes + size, 0)
    const bytes = objectSize(plaintext)
    this.content = sum(this.content, oneObject(bytes))
    const { content, index } = this.requests
    if (packed || plaintext <= wholeFileLimit) {
      this.#create(content)
      return
    }
    const { partSize, resumable } = this.#way
    if (resumable && plaintext >= resumedFrom) {
      index.lists += 1
      this.#create(index)
      countParts(content, bytes, pieceSizeFor(bytes, partSize, resumable))
    } else {
      countParts(content, bytes, partSize)
    }
    this.#create(content)
  }

  #create(requests: Requests): void {
    requests.puts += 1
    if (this.#way.looksFirst) requests.gets += 1
  }
}

/** An upload in parts: its beginning and its parts. The completion counts as a create. */
export function countParts(requests: Requests, bytes: number, partSize: number): void {
  requests.parts += 1 + Math.ceil(bytes / partSize)
}
