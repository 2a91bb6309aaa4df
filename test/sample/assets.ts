import type { Random } from '../support/random.ts'
import { frameSize, type Media, type Photo } from './media.ts'
import { encodedVideoPath, libraryPath } from './paths.ts'
import type { SampleUser } from './users.ts'
import { motionPhotoOf, photoOf, videoOf } from './vary.ts'

/** One row of Immich's `asset`, and the file that it names. Paths are relative to the media root. */
export interface SampleAsset {
  id: string
  owner: SampleUser
  type: 'IMAGE' | 'VIDEO'
  /** Relative to the external library's folder where {@link external} is set. */
  path: string
  /** What the file was called when it was uploaded. */
  name: string
  takenAt: Date
  width: number
  height: number
  /** What the file holds; the same bytes at every call. */
  content: () => Buffer
  /** What a photo was made from; absent for all others. */
  photo?: Photo
  visibility: 'timeline' | 'archive' | 'hidden' | 'locked'
  trashed: boolean
  external: boolean
  sidecar?: string
  transcode?: string
  livePhotoVideoId?: string
}

/** Makes assets of every kind, each with an id and a content of its own. */
export class AssetMaker {
  readonly #random: Random
  readonly #media: Media

  constructor(random: Random, media: Media) {
    this.#random = random
    this.#media = media
  }

  photo(owner: SampleUser, takenAt: Date, name: string): SampleAsset {
    const photo = this.#random.pick(this.#media.photos)
    const asset = this.#asset(owner, takenAt, name)
    const content = () => photoOf(photo, takenAt, asset.id)
    return { ...asset, type: 'IMAGE', width: photo.width, height: photo.height, photo, content }
  }

  /** `padding` is how many bytes of noise make the file larger. */
  video(owner: SampleUser, takenAt: Date, name: string, padding = 64): SampleAsset {
    const mp4 = this.#random.pick(this.#media.videos)
    const noise = this.#random.bytes(padding)
    const asset = this.#asset(owner, takenAt, name)
    return { ...asset, type: 'VIDEO', ...frameSize, content: () => videoOf(mp4, takenAt, noise) }
  }

  /** An iPhone's still picture and the video that belongs to it: two ordinary originals. */
  livePhoto(owner: SampleUser, takenAt: Date, name: string): [still: SampleAsset, video: SampleAsset] {
    const video: SampleAsset = { ...this.video(owner, takenAt, `${name}.MOV`), visibility: 'hidden' }
    return [{ ...this.photo(owner, takenAt, `${name}.jpg`), livePhotoVideoId: video.id }, video]
  }

  /** An Android phone's picture with a video in it, and the video as Immich extracts it into `encoded-video`. */
  motionPhoto(owner: SampleUser, takenAt: Date, name: string): [still: SampleAsset, video: SampleAsset] {
    const { motionPhoto } = this.#media
    const part = this.video(owner, takenAt, name)
    const path = encodedVideoPath(owner, part.id, '-MP.mp4')
    const content = () => motionPhotoOf(this.#media, takenAt, part.content())
    const still = {
      ...this.photo(owner, takenAt, name),
      photo: motionPhoto,
      content,
      livePhotoVideoId: part.id,
    }
    return [still, { ...part, path, visibility: 'hidden' }]
  }

  /** Pictures without EXIF: PNG and AVIF. */
  drawings(owner: SampleUser, takenAt: Date): SampleAsset[] {
    const files = [
      ...this.#media.pngs.map((png) => ['png', png] as const),
      ['avif', this.#media.avif] as const,
    ]
    return files.map(([extension, bytes], index): SampleAsset => {
      const asset = this.#asset(owner, takenAt, `Screenshot ${index + 1}.${extension}`)
      return { ...asset, type: 'IMAGE', width: 200, height: 150, content: () => bytes }
    })
  }

  #asset(owner: SampleUser, takenAt: Date, name: string) {
    return {
      id: this.#random.uuid(),
      owner,
      path: libraryPath(owner, takenAt, name),
      name,
      takenAt,
      visibility: 'timeline',
      trashed: false,
      external: false,
    } as const
  }
}
