import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Rows } from './rows.ts'
import { renderings, type StoredAsset } from './write.ts'

/** What the database calls the folders of a library. */
export interface DatabasePaths {
  /** The media root as Immich sees it, for example `/data`. */
  mediaLocation: string
  /** The external library's folder, as Immich sees it. */
  external: string
}

/** The rows of `asset`, `asset_file` and `asset_exif` for stored assets. */
export function assetRows(
  assets: readonly StoredAsset[],
  paths: DatabasePaths,
  libraryId: string | null,
): Rows {
  return {
    asset: assets.map((asset) => assetRow(asset, paths, libraryId)),
    asset_file: assets.flatMap((asset) => fileRows(asset, paths)),
    asset_exif: assets.map(exifRow),
  }
}

function assetRow(asset: StoredAsset, paths: DatabasePaths, libraryId: string | null) {
  const path = join(asset.external ? paths.external : paths.mediaLocation, asset.path)
  // Immich does not read the files of external libraries for their checksum, but hashes the path.
  const sha1 = asset.external ? hash('sha1', `path:${path}`) : asset.sha1
  return {
    id: asset.id,
    ownerId: asset.owner.id,
    libraryId: asset.external ? libraryId : null,
    type: asset.type,
    originalPath: path,
    originalFileName: asset.name,
    checksum: `\\x${sha1}`,
    checksumAlgorithm: asset.external ? 'sha1-path' : 'sha1',
    livePhotoVideoId: asset.livePhotoVideoId ?? null,
    isExternal: asset.external,
    status: asset.trashed ? 'trashed' : 'active',
    deletedAt: asset.trashed ? '2026-07-25T08:00:00Z' : null,
    visibility: asset.visibility,
    duration: asset.type === 'VIDEO' ? '00:00:01.000' : null,
    fileCreatedAt: asset.takenAt,
    fileModifiedAt: asset.takenAt,
    localDateTime: asset.takenAt,
    createdAt: asset.takenAt,
    updatedAt: asset.takenAt,
  }
}

function fileRows(asset: StoredAsset, { mediaLocation }: DatabasePaths) {
  const rendered = asset.visibility === 'hidden' ? {} : renderings(asset)
  const files = { ...rendered, sidecar: asset.sidecar, encoded_video: asset.transcode }
  return Object.entries(files).flatMap(([type, path]) =>
    path === undefined ? [] : [{ assetId: asset.id, type, path: join(mediaLocation, path) }],
  )
}

function exifRow({ id, photo, width, height, size, takenAt }: StoredAsset) {
  return {
    assetId: id,
    make: photo?.camera.make ?? null,
    model: photo?.camera.model ?? null,
    exifImageWidth: width,
    exifImageHeight: height,
    fileSizeInByte: size,
    dateTimeOriginal: photo === undefined ? null : takenAt,
    latitude: photo?.place.latitude ?? null,
    longitude: photo?.place.longitude ?? null,
    city: photo?.place.city ?? null,
    country: photo?.place.country ?? null,
  }
}
