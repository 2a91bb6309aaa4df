import { createHash, type Hash } from 'node:crypto'
import type { ReadContent } from './object.ts'

/**
 * Where the bytes of a content go while they arrive. `commit` or `abandon` comes last; a sink that was not committed,
 * or that throws, leaves nothing behind.
 */
export interface Sink {
  write(bytes: Uint8Array): void
  /** The bytes written are the content: size and SHA-256 are right. */
  commit(): void
  abandon(): void
}

/** What the reader does with contents. */
export type SinkFor<C extends ReadContent> = (content: C) => Sink

/** Takes a plaintext from its beginning and deals its bytes out to the contents in it, checking each one's SHA-256. */
export class ContentSlicer<C extends ReadContent> {
  readonly #contents: readonly C[]
  readonly #sinkFor: SinkFor<C>
  readonly #settled: (content: C, right: boolean) => void
  readonly #onBytes: (bytes: number) => void
  #position = 0
  #index = 0
  #open: { content: C; hash: Hash; sink: Sink } | undefined

  /**
   * @param contents by offset, not overlapping.
   * @param settled hears of each content whose last byte has come.
   * @param onBytes hears of bytes of contents as they come.
   */
  constructor(
    contents: readonly C[],
    sinkFor: SinkFor<C>,
    settled: (content: C, right: boolean) => void,
    onBytes: (bytes: number) => void,
  ) {
    this.#contents = contents
    this.#sinkFor = sinkFor
    this.#settled = settled
    this.#onBytes = onBytes
  }

  /** Bytes of plaintext taken so far. */
  get position(): number {
    return this.#position
  }

  take(plaintext: Uint8Array): void {
    let at = 0
    for (;;) {
      const content = this.#contents[this.#index]
      const length = content
        ? Math.min(plaintext.length - at, this.#boundary(content) - this.#position)
        : plaintext.length - at
      if (content && this.#position >= content.offset)
        this.#write(content, plaintext.subarray(at, at + length))
      at += length
      this.#position += length
      if (content && this.#position === content.offset + content.size) this.#settle(content)
      else if (at === plaintext.length) return
    }
  }

  /** Drops the content that was not completed, if any. */
  abandon(): void {
    this.#open?.sink.abandon()
    this.#open = undefined
  }

  /** The next position at which something begins or ends. */
  #boundary(content: C): number {
    return this.#position < content.offset ? content.offset : content.offset + content.size
  }

  #write(content: C, bytes: Uint8Array): void {
    this.#open ??= { content, hash: createHash('sha256'), sink: this.#sinkFor(content) }
    this.#open.hash.update(bytes)
    this.#open.sink.write(bytes)
    this.#onBytes(bytes.length)
  }

  #settle(content: C): void {
    this.#write(content, new Uint8Array())
    const open = this.#open
    this.#open = undefined
    this.#index += 1
    const right = open?.hash.digest('hex') === content.sha256
    if (right) open.sink.commit()
    else open?.sink.abandon()
    this.#settled(content, right)
  }
}
