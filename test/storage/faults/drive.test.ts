import { openDrive } from '../../../src/storage/drive/drive.ts'
import type { DriveOptions } from '../../../src/storage/options.ts'
import { DriveServer } from '../../servers/drive/driveServer.ts'
import { throughFaults } from './faulty.ts'
import { faultyHttp } from './faultyHttp.ts'

throughFaults({
  resumable: true,
  idleMs: 500,
  async place(severity, seed) {
    await using stack = new AsyncDisposableStack()
    const server = stack.use(await DriveServer.start())
    const proxy = stack.use(await faultyHttp(server.url, severity, seed))
    const owned = stack.move()
    const direct: DriveOptions = {
      type: 'drive',
      folder: server.files.sharedDriveId,
      prefix: '',
      credentials: { serviceAccount: server.tokens.serviceAccountKey },
      endpoint: server.url,
    }
    return {
      direct,
      faulty: { ...direct, endpoint: proxy.url },
      faults: proxy.faults,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  },
  open: async (options, patience) => openDrive(options as DriveOptions, patience),
})
