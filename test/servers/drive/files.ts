import { createHash, randomBytes } from 'node:crypto'
import { DriveRefusal, invalid, notFound, notPermitted } from './errors.ts'
import type { Clause } from './query.ts'
import { matches } from './query.ts'

export const folderType = 'application/vnd.google-apps.folder'

/** What an account may do in a shared drive. A contributor adds and edits; only the others move to the trash. */
export type DriveRole = 'contributor' | 'contentManager' | 'manager'

export interface DriveFile {
  id: string
  name: string
  mimeType: string
  /** Undefined for the root of My Drive and of a shared drive. */
  parent: string | undefined
  /** The shared drive that it lies in. */
  driveId: string | undefined
  /** Whether it was moved to the trash by itself; see {@link DriveFiles.isTrashed}. */
  explicitlyTrashed: boolean
  createdTime: Date
  /** Undefined for folders and Google's own formats. */
  bytes: Buffer | undefined
  checksums: Record<string, string>
}

export interface NewFile {
  id?: string | undefined
  name?: string | undefined
  mimeType?: string | undefined
  parents?: string[] | undefined
}

/** Everything that lies in a Drive: one account's My Drive and one shared drive. */
export class DriveFiles {
  readonly myDriveId = newId()
  readonly sharedDriveId = newId()
  /** Of the account in the shared drive. */
  role: DriveRole = 'contentManager'
  /** Bytes that still fit. */
  freeSpace = Infinity
  /** Ids that searches by name do not find yet: Drive's index of names runs behind. */
  readonly notIndexed = new Set<string>()
  /** How many of the next files are stored with a byte altered. */
  alterNext = 0
  /** Whether the answer to a create lacks checksums. */
  checksumsAreLate = false
  /** Whether new files come into that index late. */
  indexIsLate = false
  readonly #files = new Map<string, DriveFile>()
  /** The same by the folder that they lie in. */
  readonly #inFolders = new Map<string | undefined, Set<DriveFile>>()
  readonly #issuedIds = new Set<string>()

  constructor() {
    this.#addRoot(this.myDriveId, 'My Drive', undefined)
    this.#addRoot(this.sharedDriveId, 'Drive', this.sharedDriveId)
  }

  #addRoot(id: string, name: string, driveId: string | undefined): void {
    const root = { id, name, mimeType: folderType, parent: undefined, driveId, bytes: undefined }
    this.#add({ ...root, checksums: {}, explicitlyTrashed: false, createdTime: new Date() })
  }

  /** Ids that files may be created with. */
  generateIds(count: number): string[] {
    const ids = Array.from({ length: count }, newId)
    for (const id of ids) this.#issuedIds.add(id)
    return ids
  }

  /** @throws DriveRefusal unless a file like this may be created now. @returns the folder for it. */
  assertCreatable({ id, mimeType, parents = ['root'] }: NewFile, size: number): DriveFile {
    if (id !== undefined && !this.#issuedIds.has(id)) throw invalid('The provided file ID is not usable.')
    if (id !== undefined && this.#files.has(id)) {
      throw new DriveRefusal(409, 'fileIdInUse', 'A file already exists with the provided ID.')
    }
    if (parents.length !== 1) throw invalid('A file must have exactly one parent.')
    const folder = this.get(parents[0] ?? '')
    if (folder.mimeType !== folderType) throw invalid('The specified parent is not a folder.')
    if (mimeType !== folderType && size > this.freeSpace) {
      throw new DriveRefusal(403, 'storageQuotaExceeded', "The user's Drive storage quota has been exceeded.")
    }
    return folder
  }

  /** Names need not be unique. */
  create(created: NewFile, sent: Buffer | undefined): DriveFile {
    const folder = this.assertCreatable(created, sent?.length ?? 0)
    const bytes = sent && this.#perhapsAltered(sent)
    const { id = newId(), name = 'Untitled', mimeType = 'application/octet-stream' } = created
    const file: DriveFile = {
      id,
      name,
      mimeType,
      bytes,
      parent: folder.id,
      driveId: folder.driveId,
      explicitlyTrashed: false,
      createdTime: new Date(),
      checksums: checksumsOf(bytes),
    }
    this.#add(file)
    this.freeSpace -= bytes?.length ?? 0
    if (this.indexIsLate) this.notIndexed.add(id)
    return file
  }

  /** @throws DriveRefusal when there is none, in the trash or not. */
  get(id: string): DriveFile {
    const file = this.#files.get(id === 'root' ? this.myDriveId : id)
    if (file === undefined) throw notFound(id)
    return file
  }

  /** A file is in the trash also when one of the folders around it is. */
  isTrashed(file: DriveFile): boolean {
    return file.explicitlyTrashed || (file.parent !== undefined && this.isTrashed(this.get(file.parent)))
  }

  overwrite(id: string, bytes: Buffer): void {
    Object.assign(this.get(id), { bytes, checksums: checksumsOf(bytes) })
  }

  trash(id: string, trashed: boolean): void {
    const file = this.get(id)
    if (file.driveId !== undefined && this.role === 'contributor') throw notPermitted()
    file.explicitlyTrashed = trashed
  }

  /** Deletes for good, with everything in it. */
  delete(id: string): void {
    const file = this.get(id)
    if (file.driveId !== undefined && this.role !== 'manager') throw notPermitted()
    for (const inner of this.#in(file.id)) this.delete(inner.id)
    this.#files.delete(file.id)
    this.#in(file.parent).delete(file)
  }

  /** What a search finds, in no order that tells anything. It has to be one for files in a folder. */
  search(clauses: Clause[]): DriveFile[] {
    const folder = clauses.find((clause) => clause.term === 'parents')
    if (folder === undefined) throw invalid('This server searches in folders only.')
    const byName = clauses.some(({ term }) => term === 'name')
    return [...this.#in(this.get(folder.id).id)]
      .filter(({ id }) => !(byName && this.notIndexed.has(id)))
      .filter((file) => clauses.every((clause) => matches(clause, file, () => this.isTrashed(file))))
      .toReversed()
  }

  all(): DriveFile[] {
    return [...this.#files.values()]
  }

  /** Whatever was moved to the trash by itself. */
  trashed(): DriveFile[] {
    return this.all().filter((file) => file.explicitlyTrashed)
  }

  #perhapsAltered(bytes: Buffer): Buffer {
    if (this.alterNext === 0 || bytes.length === 0) return bytes
    this.alterNext -= 1
    const altered = Buffer.from(bytes)
    altered.writeUInt8(altered.readUInt8(0) ^ 1, 0)
    return altered
  }

  #add(file: DriveFile): void {
    this.#files.set(file.id, file)
    this.#in(file.parent).add(file)
  }

  #in(folder: string | undefined): Set<DriveFile> {
    const files = this.#inFolders.get(folder) ?? new Set()
    this.#inFolders.set(folder, files)
    return files
  }

  /** The resource as Drive describes it, every field of it that is used here. */
  describe(file: DriveFile): Record<string, unknown> {
    const { id, name, mimeType, parent, driveId, bytes, checksums, createdTime, explicitlyTrashed } = file
    return {
      kind: 'drive#file',
      id,
      name,
      mimeType,
      createdTime,
      explicitlyTrashed,
      trashed: this.isTrashed(file),
      ...(parent === undefined ? {} : { parents: [parent] }),
      ...(driveId === undefined
        ? {}
        : { driveId, capabilities: { canDeleteChildren: this.role === 'manager' } }),
      ...(bytes === undefined ? {} : { size: String(bytes.length), ...checksums }),
    }
  }
}

function checksumsOf(bytes: Buffer | undefined): Record<string, string> {
  if (bytes === undefined) return {}
  return {
    md5Checksum: createHash('md5').update(bytes).digest('hex'),
    sha256Checksum: createHash('sha256').update(bytes).digest('hex'),
  }
}

function newId(): string {
  return `1${randomBytes(24).toString('base64url')}`
}
