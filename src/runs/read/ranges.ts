import { hash } from 'node:crypto'
import { DecryptionError, type MessageDecryptor } from '../../crypto/cobblestone.ts'
import { leadSize, objectSize, openObject, sealedRange, type KeyLookup } from '../../crypto/envelope.ts'
import { StorageError } from '../../storage/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { objectContext } from '../../vault/layout.ts'
import type { ObjectSource, ReadContent, ReadObject } from './object.ts'
import { damaged, failureOf, type ReadFailure } from './outcome.ts'
import type { SinkFor } from './slicer.ts'

/** Reads single contents out of a pack: its first 80 bytes once, then only the chunks that hold what is wanted. */
export class RangeReader<C extends ReadContent> {
  /** The most bytes of plaintext in one range; a larger content is read by streaming the whole object. */
  static readonly limit = 4 * 1024 * 1024

  readonly #source: ObjectSource
  readonly #object: ReadObject<C>
  readonly #keys: KeyLookup
  readonly #options: CallOptions
  #decryptor: MessageDecryptor | undefined

  constructor(source: ObjectSource, object: ReadObject<C>, keys: KeyLookup, options: CallOptions) {
    this.#source = source
    this.#object = object
    this.#keys = keys
    this.#options = { signal: options.signal }
  }

  /** @param contents all within the object's plaintext. Each is settled, one way or the other. */
  async read(
    contents: readonly C[],
    sinkFor: SinkFor<C>,
    settle: (content: C, failure: ReadFailure | undefined) => void,
  ): Promise<void> {
    for (const run of runsOf(contents)) await this.#readRun(run, sinkFor, settle)
  }

  /** A run that does not open is read content by content, so that only those are lost that the damage touches. */
  async #readRun(
    run: readonly C[],
    sinkFor: SinkFor<C>,
    settle: (content: C, failure: ReadFailure | undefined) => void,
  ): Promise<void> {
    const start = run[0]?.offset ?? 0
    let plaintext: Uint8Array
    try {
      plaintext = await this.#plaintext(start, endOf(run) - start)
    } catch (error) {
      const failure = failureOf(error)
      if (run.length === 1 || failure.kind !== 'damaged') {
        for (const content of run) settle(content, failure)
      } else {
        for (const content of run) await this.#readRun([content], sinkFor, settle)
      }
      return
    }
    for (const content of run) {
      const bytes = plaintext.subarray(content.offset - start, content.offset - start + content.size)
      if (hash('sha256', bytes) === content.sha256) {
        const sink = sinkFor(content)
        sink.write(bytes)
        sink.commit()
        this.#source.onBytes(bytes.length)
        settle(content, undefined)
      } else {
        settle(content, damaged(`${this.#object.key} holds other bytes than the manifest says`))
      }
    }
  }

  async #plaintext(offset: number, length: number): Promise<Uint8Array> {
    const { key, plaintextSize } = this.#object
    this.#decryptor ??= openObject(
      this.#keys,
      objectContext(this.#source.vaultId, key),
      await this.#bytes({ offset: 0, length: leadSize }),
    )
    const range = sealedRange(offset, length, plaintextSize)
    const sealed = await this.#bytes(range)
    return this.#decryptor
      .open(sealed, range.firstChunk, range.final)
      .subarray(range.skip, range.skip + length)
  }

  async #bytes(range: { offset: number; length: number }): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of this.#source.storage.read(this.#object.key, { ...this.#options, range })) {
        chunks.push(chunk)
      }
    } catch (error) {
      if (error instanceof StorageError) await this.#refuseOtherSize()
      throw error
    }
    return Buffer.concat(chunks)
  }

  /** A range beyond the end of a truncated object looks like any other error of the storage. */
  async #refuseOtherSize(): Promise<void> {
    const { size } = await this.#source.storage.stat(this.#object.key, this.#options)
    if (size === objectSize(this.#object.plaintextSize)) return
    throw new DecryptionError(`${this.#object.key} has not the length that the manifest says`)
  }
}

/** Contents that lie near one another are read with one request; what lies between them is read in vain. */
function* runsOf<C extends ReadContent>(contents: readonly C[]): Generator<C[], void, undefined> {
  let run: C[] = []
  for (const content of contents) {
    const end = endOf(run)
    const near = content.offset >= end && content.offset - end <= gap
    const fits = content.offset + content.size - (run[0]?.offset ?? 0) <= RangeReader.limit
    if (run.length > 0 && !(near && fits)) {
      yield run
      run = []
    }
    run.push(content)
  }
  if (run.length > 0) yield run
}

const gap = 128 * 1024

function endOf(run: readonly ReadContent[]): number {
  const last = run.at(-1)
  return last ? last.offset + last.size : 0
}
