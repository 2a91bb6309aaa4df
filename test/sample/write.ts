import { hash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fsPath } from '../../src/shared/bytePath.ts'
import type { SampleAsset } from './assets.ts'
import type { Media } from './media.ts'
import { thumbsPath } from './paths.ts'
import { sidecarText } from './sidecar.ts'
import { videoOf, withComment } from './vary.ts'

/** Where a sample library's files go: absolute paths. */
export interface SampleFolders {
  /** The media root. */
  root: string
  /** The folder of the external library, outside the media root. */
  external: string
}

/** An asset whose file is written. */
export interface StoredAsset extends SampleAsset {
  /** Lower-case hex of the file's SHA-1. */
  sha1: string
  /** Bytes. */
  size: number
}

/** What Immich calls the pictures that it makes of one asset, relative to the media root. */
export function renderings(asset: SampleAsset): { preview: string; thumbnail: string } {
  const path = (ending: string) => thumbsPath(asset.owner, asset.id, ending)
  return { preview: path('_preview.jpeg'), thumbnail: path('_thumbnail.webp') }
}

/** Writes the asset's original, its sidecar, and what Immich makes of it. */
export async function writeAsset(
  { root, external }: SampleFolders,
  media: Media,
  asset: SampleAsset,
): Promise<StoredAsset> {
  const content = asset.content()
  await writeNew(asset.external ? external : root, asset.path, content)
  if (asset.sidecar !== undefined) await writeNew(root, asset.sidecar, sidecarText(asset.takenAt, 3))
  if (asset.transcode !== undefined) {
    await writeNew(root, asset.transcode, videoOf(media.transcode, asset.takenAt, Buffer.from(asset.id)))
  }
  if (asset.visibility !== 'hidden') {
    const { preview, thumbnail } = renderings(asset)
    await writeNew(root, preview, withComment(media.preview, asset.id))
    await writeNew(root, thumbnail, media.thumbnail)
  }
  return { ...asset, sha1: hash('sha1', content), size: content.length }
}

/** Writes one file below `root` and the folders that lead to it; never over another. `path` as in bytePath.ts. */
export async function writeNew(root: string, path: string, content: Buffer | string): Promise<void> {
  const absolute = `${root}/${path}`
  await mkdir(fsPath(dirname(absolute)), { recursive: true })
  await writeFile(fsPath(absolute), content, { flag: 'wx' })
}
