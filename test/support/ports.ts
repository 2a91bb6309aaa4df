import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { errorCode } from '../../src/shared/errors.ts'

/** Ports below those that the system gives to connections, and to servers that ask for any. */
const ports = { from: 10_000, to: 32_000 }

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, and is not given to anybody who asks for no port of his own. Whoever
 * takes it must still be ready to ask for another.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(randomInt(ports.from, ports.to), '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (errorCode(error) === 'EADDRINUSE') continue
      throw error
    }
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return port
  }
}
