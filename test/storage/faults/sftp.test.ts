import { afterAll } from 'vitest'
import type { SftpOptions } from '../../../src/storage/options.ts'
import { openSftp } from '../../../src/storage/sftp/sftp.ts'
import { startSshServer } from '../../support/sshServer.ts'
import { startTcpProxy } from '../../support/tcpProxy.ts'
import { throughFaults } from './faulty.ts'

const server = await startSshServer()
afterAll(() => server[Symbol.asyncDispose]())

// What goes through is encrypted, so that the faults come by the byte and not by the request.
throughFaults({
  resumable: true,
  idleMs: 2000,
  async place(severity, seed) {
    const { options: direct } = await server.folder()
    const quick = ['reset', 'trickle'] as const
    const among = severity === 'quick' ? quick : ([...quick, ...quick, 'silence'] as const)
    const proxy = await startTcpProxy(direct.port, { seed, every: 8_000_000, among })
    return {
      direct,
      faulty: { ...direct, port: proxy.port },
      faults: () => [...proxy.struck.values()].reduce((sum, count) => sum + count, 0),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    }
  },
  open: async (options, { retry, idleMs }) =>
    await openSftp(options as SftpOptions, { retry, opening: retry, idleMs }),
})
