import { openDrive } from '../../src/storage/drive/drive.ts'
import { withLimit } from '../../src/storage/limit.ts'
import type { DriveOptions } from '../../src/storage/options.ts'
import { DriveServer } from '../servers/drive/driveServer.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { conformance } from './conformance.ts'

conformance(
  async () => {
    const server = await DriveServer.start()
    const folder = await temporaryFolder()
    const options: DriveOptions = {
      type: 'drive',
      folder: server.files.sharedDriveId,
      prefix: 'a folder/of it',
      credentials: { serviceAccount: server.tokens.serviceAccountKey },
      cacheFolder: folder.path,
      endpoint: server.url,
    }
    const storage = withLimit(openDrive(options))
    return {
      storage,
      reopen: async () => openDrive(options),
      leftovers: async () => [
        ...server.files.trashed().map(({ name }) => name),
        ...Array.from({ length: server.sessions.unfinished }, () => 'a session'),
      ],
      async [Symbol.asyncDispose]() {
        await storage.close()
        await server[Symbol.asyncDispose]()
        await folder[Symbol.asyncDispose]()
      },
    }
  },
  { resumable: true },
)
