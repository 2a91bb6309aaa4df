import { once } from 'node:events'
import { Agent, request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { json } from 'node:stream/consumers'
import { errorCode } from '../../shared/errors.ts'
import { StorageError } from '../errors.ts'
import type { RcloneAddress } from '../options.ts'
import type { CallOptions } from '../storage.ts'
import { lastLines } from './log.ts'
import { Patience } from './patience.ts'

/** A call that rclone answered with an error. */
export class RcloneCallError extends Error {
  /** HTTP status: 404 for a missing object or folder, 400 for a wrong call, 500 for nearly everything else. */
  readonly status: number
  /** In the words of rclone or the remote. */
  readonly said: string

  constructor(command: string, status: number, said: string) {
    super(`${command}: ${status} ${said}`)
    this.name = 'RcloneCallError'
    this.status = status
    this.said = said
  }
}

interface Message {
  method: 'GET' | 'POST'
  path: string
  headers: OutgoingHttpHeaders
  body: string
}

/** The remote control API of a running `rclone rcd` (https://rclone.org/rc/). */
export class RcloneApi {
  readonly #address: RcloneAddress
  readonly #agent = new Agent({ keepAlive: true })
  readonly #idleMs: number

  /** @param idleMs how long a call may take that shows no progress elsewhere, in milliseconds. */
  constructor(address: RcloneAddress, idleMs: number) {
    this.#address = address
    this.#idleMs = idleMs
  }

  /**
   * Calls a command. Closing the connection, as an abort does, makes rclone stop it.
   * @param options.patience how long rclone may take, where that is not the usual time.
   * @throws RcloneCallError when rclone answers with an error, StorageError when it does not answer, the signal's reason.
   */
  async call<T>(
    command: string,
    parameters: object,
    { signal, patience }: CallOptions & { patience?: Patience } = {},
  ): Promise<T> {
    using usual = new Patience(this.#idleMs)
    const reasons = [(patience ?? usual).signal, ...(signal === undefined ? [] : [signal])]
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(parameters)
    return await this.talking({ signal: AbortSignal.any(reasons) }, async (stop) => {
      const answer = await this.#send({ method: 'POST', path: `/${command}`, headers, body }, stop)
      const value: unknown = await json(answer)
      if (answer.statusCode === 200) return value as T
      throw callError(command, answer, value)
    })
  }

  /**
   * Opens an object of a remote for reading.
   * @param range the value of HTTP's Range header.
   * @returns an answer with status 200, 206 or 416; its body is read within `talking`.
   * @throws as `call`
   */
  async open(
    fs: string,
    key: string,
    { range, signal }: CallOptions & { range: string | undefined },
  ): Promise<IncomingMessage> {
    const path = `/${encodeURIComponent(`[${fs}]`)}/${key.split('/').map(encodeURIComponent).join('/')}`
    const headers = range === undefined ? {} : { range }
    return await this.talking({ signal }, async (stop) => {
      const answer = await this.#send({ method: 'GET', path, headers, body: '' }, stop)
      if ([200, 206, 416].includes(answer.statusCode ?? 0)) return answer
      throw callError('GET', answer, await json(answer))
    })
  }

  /**
   * Runs what talks to rclone, with the signal to stop at.
   * @throws the signal's reason when it aborted, an error of the storage contract where the connection failed, and
   *   RcloneCallError as it is.
   */
  async talking<T>({ signal }: CallOptions, talk: (stop: AbortSignal | undefined) => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    try {
      return await talk(signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof RcloneCallError ? error : await this.#connectionError(error)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #send(
    { method, path, headers, body }: Message,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { port, password } = this.#address
    const sent = request({
      host: '127.0.0.1',
      port,
      agent: this.#agent,
      auth: `safelight:${password}`,
      method,
      path,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      ...(signal === undefined ? {} : { signal }),
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return answer
  }

  async #connectionError(cause: unknown): Promise<StorageError> {
    if (errorCode(cause) !== 'ECONNREFUSED') {
      return new StorageError('the connection to rclone broke', { transient: true, cause })
    }
    const { log, password } = this.#address
    return new StorageError(`rclone has ended before its work was done${await lastLines(log, password)}`, {
      transient: false,
      cause,
      hint: 'Run the command again. If it ends again, see whether there is enough memory for it.',
    })
  }
}

function callError(command: string, { statusCode = 0 }: IncomingMessage, answer: unknown): RcloneCallError {
  const { error } = answer as { error?: unknown }
  return new RcloneCallError(command, statusCode, typeof error === 'string' ? error : 'no reason')
}
