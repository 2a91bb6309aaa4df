import type { drive_v3 } from '@googleapis/drive'

export const folderType = 'application/vnd.google-apps.folder'
const googlesTypes = 'application/vnd.google-apps.'

/** The fields that a DriveFile is made of. */
export const fileFields =
  'id,name,mimeType,size,md5Checksum,sha256Checksum,createdTime,trashed,parents,driveId'

/** A file or folder in Drive. */
export interface DriveFile {
  id: string
  name: string
  isFolder: boolean
  /** A file of bytes: no folder, shortcut or Google document. */
  isObject: boolean
  size: number
  md5: string | undefined
  sha256: string | undefined
  /** RFC 3339, as Drive gives it: in UTC, with milliseconds. */
  createdTime: string
  /** Also when a folder around it is in the trash. */
  trashed: boolean
  /** Undefined where it lies in no folder that this account sees. */
  parent: string | undefined
  /** The shared drive that it lies in. */
  driveId: string | undefined
}

export function driveFile(resource: drive_v3.Schema$File): DriveFile {
  const { mimeType } = resource
  return {
    id: resource.id ?? '',
    name: resource.name ?? '',
    isFolder: mimeType === folderType,
    isObject: !mimeType?.startsWith(googlesTypes),
    size: Number(resource.size ?? 0),
    md5: resource.md5Checksum ?? undefined,
    sha256: resource.sha256Checksum ?? undefined,
    createdTime: resource.createdTime ?? '',
    trashed: resource.trashed ?? false,
    parent: resource.parents?.[0],
    driveId: resource.driveId ?? undefined,
  }
}

/** The files with the oldest first; their ids decide where that is the same. */
export function byAge(files: readonly DriveFile[]): DriveFile[] {
  return files.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1))
}

function rank({ createdTime, id }: DriveFile): string {
  return `${createdTime} ${id}`
}
