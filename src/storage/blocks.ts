import { finished, type Readable } from 'node:stream'
import { Bell } from '../shared/bell.ts'
import { blockSize, release, takeBlock } from '../shared/release.ts'

/** Milliseconds after which a block is given that is not full: a slow connection has to be seen to move. */
const usualPatienceMs = 1000

/**
 * What a stream gives, in large blocks, each a buffer of its own: TLS hands out 16 KiB at a time, and to pass every one of
 * them through all that surrounds a storage, to decrypt it, hash it and write it, takes longer than TLS itself. It reads
 * ahead by about a block. What came before an error is given before the error is thrown.
 * @param length how many bytes are expected, so that the last block is not larger than it has to be.
 */
export async function* inBlocks(
  source: Readable,
  length: number,
  patienceMs = usualPatienceMs,
): AsyncGenerator<Buffer, void, undefined> {
  const filling = new Filling(source, length)
  try {
    for (;;) {
      const block = await filling.next(patienceMs)
      if (!block) return
      yield block
    }
  } finally {
    source.destroy()
  }
}

class Filling {
  readonly #source: Readable
  readonly #full: Buffer[] = []
  readonly #changed = new Bell()
  /** Expected bytes that no block was taken for yet. */
  #expected: number
  #block: Buffer | undefined
  #filled = 0
  #end: { error: Error | null | undefined } | undefined

  constructor(source: Readable, length: number) {
    this.#source = source
    this.#expected = length
    source.on('data', (bytes: Buffer) => this.#add(bytes))
    finished(source, { writable: false }, (error) => {
      this.#end = { error }
      this.#changed.ring()
    })
  }

  /** @returns undefined at the end. @throws what the stream failed with. */
  async next(patienceMs: number): Promise<Buffer | undefined> {
    this.#source.resume()
    while (this.#full.length === 0 && !this.#end) {
      await this.#changed.wait(patienceMs)
      if (this.#filled > 0) break
    }
    const block = this.#full.shift() ?? this.#takeOut()
    if (!block && this.#end?.error) throw this.#end.error
    return block
  }

  #add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      this.#block ??= this.#newBlock()
      const taken = Math.min(this.#block.length - this.#filled, bytes.length - at)
      this.#block.set(bytes.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled === this.#block.length) this.#putAside()
    }
    release(bytes)
  }

  #newBlock(): Buffer {
    const size = this.#expected > 0 ? Math.min(blockSize, this.#expected) : blockSize
    this.#expected -= size
    return takeBlock(size)
  }

  #putAside(): void {
    const block = this.#takeOut()
    if (block) this.#full.push(block)
    this.#source.pause()
    this.#changed.ring()
  }

  #takeOut(): Buffer | undefined {
    const block = this.#block?.subarray(0, this.#filled)
    this.#block = undefined
    this.#filled = 0
    return block
  }
}
