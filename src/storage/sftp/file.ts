import type { Stats } from 'ssh2'
import { StorageError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import type { SftpChannel } from './channel.ts'
import { closeAnyhow } from './requests.ts'

/** Bytes in one request. Servers that do not tell their limit are asked for several smaller ones by the library. */
const chunkSize = 64 * 1024
/** Requests of one file under way at once: 2 MiB, which is what OpenSSH lets a channel have. */
const depth = 32

/** A file that is open on the server. Disposing of it closes it; who wrote to it closes it himself, and hears how that went. */
export class SftpFile implements Disposable {
  readonly #channel: SftpChannel
  readonly #path: string
  readonly #handle: Buffer
  #closed = false

  /** @param flags `r`, `r+` to write at places of a file that is there, or `wx` to make a new one. */
  static async open(
    channel: SftpChannel,
    path: string,
    flags: 'r' | 'r+' | 'w' | 'wx',
    { signal, mode = 0o600 }: CallOptions & { mode?: number },
  ): Promise<SftpFile> {
    const handle = await channel.ask<Buffer>(
      `open ${path}`,
      (sftp, done) => sftp.open(path, flags, mode, done),
      {
        signal,
      },
    )
    return new SftpFile(channel, path, handle)
  }

  private constructor(channel: SftpChannel, path: string, handle: Buffer) {
    this.#channel = channel
    this.#path = path
    this.#handle = handle
  }

  /** Writes at a place, in many requests at once. */
  async write(bytes: Uint8Array, at: number, { signal }: CallOptions): Promise<void> {
    let next = 0
    const writeSome = async () => {
      while (next < bytes.length) {
        const start = next
        next += chunkSize
        // A copy, because the library may still read it after an abort, when the caller has the bytes back.
        const chunk = Buffer.from(bytes.subarray(start, next))
        await this.#channel.ask<void>(
          `write to ${this.#path}`,
          (sftp, done) => sftp.write(this.#handle, chunk, 0, chunk.length, at + start, done),
          { signal },
        )
      }
    }
    try {
      await Promise.all(Array.from({ length: depth }, writeSome))
    } finally {
      next = Infinity
    }
  }

  /**
   * The bytes from `start` to `end`, read ahead in many requests at once.
   * @throws StorageError when the file ends before.
   */
  async *read(
    [start, end]: readonly [number, number],
    options: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const ahead: Promise<Uint8Array>[] = []
    let next = start
    const readAhead = () => {
      for (; ahead.length < depth && next < end; next += chunkSize) {
        const chunk = this.#readChunk(next, Math.min(chunkSize, end - next), options)
        // Whoever comes for it hears of its failure. Perhaps nobody comes.
        chunk.catch(() => undefined)
        ahead.push(chunk)
      }
    }
    for (readAhead(); ahead[0] !== undefined; readAhead()) {
      yield await ahead[0]
      void ahead.shift()
    }
  }

  async size({ signal }: CallOptions): Promise<number> {
    const what = `look at ${this.#path}`
    const ask = this.#channel.ask<Stats>(what, (sftp, done) => sftp.fstat(this.#handle, done), { signal })
    return (await ask).size
  }

  /** Brings what was written onto the server's disk. */
  async sync({ signal }: CallOptions): Promise<void> {
    await this.#channel.ask<void>(
      `flush ${this.#path}`,
      (sftp, done) => sftp.ext_openssh_fsync(this.#handle, (error) => done(error)),
      { signal, flushes: true },
    )
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.#closed = true
    await this.#channel.ask<void>(`close ${this.#path}`, (sftp, done) => sftp.close(this.#handle, done), {
      signal,
    })
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    closeAnyhow(this.#channel, this.#handle)
  }

  /** A server may answer with less than it was asked for. */
  async #readChunk(at: number, length: number, { signal }: CallOptions): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length)
    for (let read = 0; read < length;) {
      const some = await this.#channel.ask<number>(
        `read ${this.#path}`,
        (sftp, done) => sftp.read(this.#handle, buffer, read, length - read, at + read, done),
        { signal },
      )
      if (some === 0)
        throw new StorageError(`${this.#path} ended early, at byte ${at + read}`, { transient: false })
      read += some
    }
    return buffer
  }
}
