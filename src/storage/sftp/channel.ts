import type { Socket } from 'node:net'
import type { SFTPWrapper } from 'ssh2'
import { unlessAborted } from '../../shared/abort.ts'
import { errorMessage } from '../../shared/errors.ts'
import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { statusError } from './errors.ts'

/** How much longer than any other answer that of a flush may take: a slow disk has gigabytes to write. */
const flushPatience = 10

/** Tells the library of a request; `done` takes the answer. */
export type Send<T> = (sftp: SFTPWrapper, done: (error?: Error | null, answer?: T) => void) => void

export interface AskOptions extends CallOptions {
  /** The server writes to its disk before it answers. */
  flushes?: boolean | undefined
}

/**
 * One SSH connection with an SFTP channel in it. Any number of requests may be under way; the server answers them in
 * order. When it breaks, or answers nothing for too long, all of them fail, and so does every later one.
 */
export class SftpChannel {
  readonly #sftp: SFTPWrapper
  readonly #socket: Socket
  readonly #where: string
  readonly #idleMs: number
  readonly #waiting = new Set<{ flushes: boolean; fail: (error: StorageError) => void }>()
  #silence: NodeJS.Timeout | undefined
  #broken: StorageError | undefined

  /** @param idleMs milliseconds without an answer, while one is waited for, after which the connection is given up. */
  constructor(sftp: SFTPWrapper, socket: Socket, { where, idleMs }: { where: string; idleMs: number }) {
    this.#sftp = sftp
    this.#socket = socket
    this.#where = where
    this.#idleMs = idleMs
    const lost = () => this.break('the connection was lost')
    socket.once('close', lost)
    // The server's own end may go, and leave the connection open.
    sftp.once('end', lost).once('close', lost)
    sftp.on('error', (error: Error) => this.break(error.message))
  }

  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /**
   * Sends a request and waits for its answer.
   * @param what the request is, for people: `open /vault/tmp/x`.
   * @throws StatusError when the server answers that it did not do it; StorageError when the connection breaks; the
   *   signal's reason once it aborts: the request may be carried out all the same.
   */
  async ask<T>(what: string, send: Send<T>, { signal, flushes = false }: AskOptions): Promise<T> {
    signal?.throwIfAborted()
    if (this.#broken) throw this.#broken
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const entry = { flushes, fail: reject }
    this.#waiting.add(entry)
    const fail = (error: unknown) => {
      const answer = statusError(what, error)
      if (answer) reject(answer)
      // The library learned before us that there is no connection any more.
      else this.break(errorMessage(error))
    }
    try {
      send(this.#sftp, (error, answer) => {
        if (error) fail(error)
        else resolve(answer as T)
        if (this.#waiting.size > 0) this.#listen()
      })
      this.#listen()
    } catch (error) {
      fail(error)
    }
    try {
      return await unlessAborted(promise, signal)
    } finally {
      this.#waiting.delete(entry)
      if (this.#waiting.size === 0) clearTimeout(this.#silence)
    }
  }

  /** Ends the connection; what is under way fails. */
  break(reason: string): void {
    if (this.#broken) return
    this.#broken = new StorageError(`${this.#where}: ${reason}`, { transient: true })
    clearTimeout(this.#silence)
    this.#socket.destroy()
    for (const { fail } of this.#waiting) fail(this.#broken)
  }

  /** Begins to count the server's silence anew. */
  #listen(): void {
    if (this.#broken) return
    clearTimeout(this.#silence)
    const isFlushing = [...this.#waiting].some(({ flushes }) => flushes)
    const ms = this.#idleMs * (isFlushing ? flushPatience : 1)
    this.#silence = setTimeout(() => this.break(`no answer for ${ms / 1000} s`), ms)
  }
}
