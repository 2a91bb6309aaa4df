import { once } from 'node:events'
import { connect as connectTcp, isIPv6, type Socket } from 'node:net'
import type { ConnectConfig, ServerHostKeyAlgorithm, SFTPWrapper } from 'ssh2'
import SftpClient from 'ssh2-sftp-client'
import { UserError } from '../../shared/errors.ts'
import type { SftpOptions } from '../options.ts'
import type { CallOptions } from '../storage.ts'
import { SftpChannel } from './channel.ts'
import { connectError } from './errors.ts'
import {
  algorithmsFor,
  hostKeyOf,
  parseHostKeyPin,
  refusalOf,
  type HostKey,
  type HostKeyPin,
} from './hostKey.ts'

/** How often TCP asks whether the other side is still there while nothing else is said, in milliseconds. */
const keepAliveMs = 30_000

/** Which server to talk to, and how long its silence is borne. */
export type ServerAddress = Pick<SftpOptions, 'host' | 'port'>

export interface ConnectOptions extends CallOptions {
  /** Milliseconds that connecting may take, and that the server may leave a request without any answer later. */
  idleMs: number
}

/** `host`, or `host:port` where the port is another than the usual one. */
export function addressOf({ host, port }: ServerAddress): string {
  const name = isIPv6(host) ? `[${host}]` : host
  return port === 22 ? name : `${name}:${port}`
}

/**
 * Connects and logs in.
 * @throws UserError when the server's key is not pinned, before anything is told to it; AccessDeniedError when it refuses
 *   the account; StorageError, transient, when it can't be reached; the signal's reason once it aborts.
 */
export async function connect(
  options: SftpOptions,
  { idleMs, signal }: ConnectOptions,
): Promise<SftpChannel> {
  const pins = options.hostKeys.map(pinOf)
  const where = addressOf(options)
  return await withSocket(options, { idleMs, signal }, async (socket) => {
    let refusal: UserError | undefined
    const algorithms = algorithmsFor(pins)
    const config = {
      ...loginOf(options),
      ...(algorithms && { algorithms: { serverHostKey: algorithms as ServerHostKeyAlgorithm[] } }),
      hostVerifier: (blob: Buffer) => {
        refusal = refusalOf(hostKeyOf(blob), pins, where)
        return refusal === undefined
      },
    }
    try {
      const sftp = await handshake(socket, config)
      return new SftpChannel(sftp, socket, { where, idleMs })
    } catch (error) {
      throw refusal ?? error
    }
  })
}

/** Asks a server for its host key, and logs in nowhere. The key is what anybody between here and there says it is. */
export async function fetchHostKey(server: ServerAddress, options: ConnectOptions): Promise<HostKey> {
  return await withSocket(server, options, async (socket) => {
    let seen: HostKey | undefined
    const hostVerifier = (blob: Buffer) => {
      seen = hostKeyOf(blob)
      return false
    }
    try {
      await handshake(socket, { username: 'nobody', hostVerifier })
    } catch (error) {
      if (seen === undefined) throw error
    }
    if (seen === undefined) throw new UserError(`${addressOf(server)} shows no host key`)
    return seen
  })
}

/** Opens a TCP connection for `use`; it is closed when that fails, or takes too long. */
async function withSocket<T>(
  server: ServerAddress,
  { idleMs, signal }: ConnectOptions,
  use: (socket: Socket) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const tooLong = AbortSignal.timeout(idleMs)
  const { host, port } = server
  // Without TCP_NODELAY each small request would wait for the answer to the one before it.
  const socket = connectTcp({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
  })
  const stop = () => socket.destroy()
  const stopping = AbortSignal.any([tooLong, ...(signal === undefined ? [] : [signal])])
  stopping.addEventListener('abort', stop, { once: true })
  try {
    await once(socket, 'connect', { signal: stopping })
    return await use(socket)
  } catch (error) {
    socket.destroy()
    signal?.throwIfAborted()
    throw connectError(error, { where: addressOf(server), tooLongMs: tooLong.aborted ? idleMs : undefined })
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

/**
 * Speaks SSH over an open socket, as far as an SFTP channel. What the library rejects with says little: the first error
 * that it tells its listeners is the reason.
 */
async function handshake(socket: Socket, config: ConnectConfig): Promise<SFTPWrapper> {
  const client = new SftpClient('sftp', { error: ignore, end: ignore, close: ignore })
  let reason: Error | undefined
  client.on('error', (error: Error) => {
    reason ??= error
  })
  try {
    return await client.connect({ ...config, sock: socket, readyTimeout: 0 })
  } catch (error) {
    throw reason ?? error
  }
}

function loginOf({ user, privateKey, passphrase, agent, password }: SftpOptions): ConnectConfig {
  return {
    username: user,
    ...(privateKey !== undefined && { privateKey }),
    ...(passphrase !== undefined && { passphrase }),
    ...(agent !== undefined && { agent }),
    ...(password !== undefined && { password }),
  }
}

function pinOf(text: string): HostKeyPin {
  const pin = parseHostKeyPin(text)
  if (pin === undefined) throw new UserError(`not a host key or the fingerprint of one: ${text}`)
  return pin
}

function ignore(): void {}
