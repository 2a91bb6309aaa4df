import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from './random.ts'

const faults = ['reset', 'silence', 'trickle'] as const
export type TcpFault = (typeof faults)[number]

export interface TcpProxyOptions {
  seed: number
  /** Mean number of bytes, both ways together, between one fault and the next; Infinity: there are none. */
  every: number
  among?: readonly TcpFault[]
}

export interface TcpProxy extends AsyncDisposable {
  port: number
  /** Bytes that clients sent. */
  readonly received: number
  /** How often each fault struck. */
  struck: Map<TcpFault, number>
}

/**
 * A proxy on loopback before the server at `target`, which knows nothing of what goes through: at random, a connection is
 * reset in the middle, or stays open with nothing more going either way, or is slow for a while.
 */
export async function startTcpProxy(
  target: number,
  { seed, every, among = faults }: TcpProxyOptions,
): Promise<TcpProxy> {
  const random = new Random(seed)
  const struck = new Map<TcpFault, number>()
  const sockets = new Set<Socket>()
  let received = 0
  let left = distance()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let isSilent = false
    const pass = async (from: Socket, to: Socket) => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (from === client) received += chunk.length
        const fault = next(chunk.length)
        if (fault === 'reset') client.resetAndDestroy()
        if (fault === 'silence') isSilent = true
        if (fault === 'trickle') await delay(50)
        if (isSilent) await new Promise(() => {})
        if (!to.write(chunk)) await once(to, 'drain')
      }
      to.end()
    }
    const sides = [client, upstream] as const
    for (const [from, to] of [sides, sides.toReversed()] as [Socket, Socket][]) {
      sockets.add(from)
      from.setNoDelay().on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      pass(from, to).catch(() => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    get received() {
      return received
    },
    struck,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }

  /** What goes wrong with so many bytes, if anything. */
  function next(bytes: number): TcpFault | undefined {
    left -= bytes
    if (left > 0) return undefined
    left = distance()
    const fault = random.pick(among)
    struck.set(fault, (struck.get(fault) ?? 0) + 1)
    return fault
  }

  function distance(): number {
    return -Math.log(1 - random.next()) * every
  }
}
