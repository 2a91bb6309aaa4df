import { openDrive } from '../../src/storage/drive/drive.ts'
import type { DriveOptions } from '../../src/storage/options.ts'
import type { RetryPolicy } from '../../src/storage/retry.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { DriveServer } from '../servers/drive/driveServer.ts'
import { temporaryFolder } from './temporaryFolder.ts'

/** Patience that is over soon. */
export const quick: RetryPolicy = { tries: 4, firstDelayMs: 1, maxDelayMs: 4, budgetMs: 10_000 }

export interface DrivePlace extends AsyncDisposable {
  server: DriveServer
  /** A shared drive and a service account. */
  options: DriveOptions
  /** Opens the bare backend; it ends with the place. */
  open(changes?: Partial<DriveOptions>): Storage
  /** Opens it as a machine does that shares no folder with the others. */
  openElsewhere(changes?: Partial<DriveOptions>): Promise<Storage>
}

/** A Drive of its own. */
export async function drivePlace(idleMs = 5000): Promise<DrivePlace> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await DriveServer.start())
  const folder = stack.use(await temporaryFolder())
  const options: DriveOptions = {
    type: 'drive',
    folder: server.files.sharedDriveId,
    prefix: 'immich',
    credentials: { serviceAccount: server.tokens.serviceAccountKey },
    cacheFolder: folder.path,
    endpoint: server.url,
  }
  const open = (changes: Partial<DriveOptions> = {}) => {
    const storage = openDrive({ ...options, ...changes }, { retry: quick, idleMs })
    owned.defer(() => storage.close())
    return storage
  }
  const owned = stack.move()
  return {
    server,
    options,
    open,
    openElsewhere: async (changes = {}) => {
      const elsewhere = owned.use(await temporaryFolder())
      return open({ ...changes, cacheFolder: elsewhere.path })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What lies in a Drive by its path from a folder on, as a person sees it: no trash. Folders end in a slash. */
export function treeOf({ files }: DriveServer, folder = files.sharedDriveId): string[] {
  return files
    .all()
    .filter((file) => file.parent === folder && !file.explicitlyTrashed)
    .flatMap(({ id, name, bytes }) =>
      bytes === undefined
        ? [`${name}/`, ...treeOf({ files } as DriveServer, id).map((path) => `${name}/${path}`)]
        : [name],
    )
    .sort()
}

/** The folder of a path below the shared drive, made if need be. */
export function folderAt({ files }: DriveServer, path: string): string {
  return path.split('/').reduce((parent, name) => {
    const found = files.all().find((file) => file.parent === parent && file.name === name)
    return (found ?? files.create({ name, parents: [parent], mimeType: folderType }, undefined)).id
  }, files.sharedDriveId)
}

const folderType = 'application/vnd.google-apps.folder'
