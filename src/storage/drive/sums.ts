import { createHash, type Hash } from 'node:crypto'
import type { DriveFile } from './file.ts'

/** Size and checksums of what was sent, to be held against what Drive says it stored. */
export class Sums {
  #size = 0
  readonly #sha256: Hash = createHash('sha256')
  readonly #md5: Hash = createHash('md5')

  update(bytes: Uint8Array): this {
    this.#size += bytes.length
    this.#sha256.update(bytes)
    this.#md5.update(bytes)
    return this
  }

  /** Whether the file is what was sent. Drive gives its SHA-256 for files of bytes, and MD5 for those without one. */
  match({ size, sha256, md5 }: DriveFile): boolean {
    if (size !== this.#size) return false
    if (sha256 !== undefined) return sha256 === this.#sha256.copy().digest('hex')
    return md5 === this.#md5.copy().digest('hex')
  }
}
