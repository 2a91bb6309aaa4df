/*
 * A content is cut into parts of equal size, and its SHA-256 is noted at the end of each: its marks. Who has them can
 * tell of each part, once it has seen the parts before it, whether it is the same as then.
 */
import { createHash } from 'node:crypto'

/** The most parts of a content: a note with their marks stays under 6 MB, however large it is. */
export const maxParts = 128 * 1024
const markSize = 32
/** Size of a part, in bytes, as long as there are not too many. */
const usualPartSize = 8 * 1024 * 1024

/** How large the parts of a content of `size` bytes are: whole mebibytes, in at most `maxParts` parts. */
export function partSizeFor(size: number): number {
  return usualPartSize * Math.max(1, Math.ceil(size / (usualPartSize * maxParts)))
}

export interface ContentMarks {
  partSize: number
  /** One after the other, 32 bytes each; the last one is the SHA-256 of the content. */
  marks: Buffer
}

/** Takes a content's marks while it goes by. */
export class Marker {
  readonly #hash = createHash('sha256')
  readonly #partSize: number
  readonly #marks: Buffer[] = []
  /** Bytes since the last mark. */
  #inPart = 0

  constructor(partSize: number) {
    this.#partSize = partSize
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + this.#partSize - this.#inPart)
      this.#hash.update(taken)
      this.#inPart += taken.length
      at += taken.length
      if (this.#inPart === this.#partSize) this.#mark()
    }
  }

  /** All marks, once the content has gone by. */
  end(): ContentMarks {
    if (this.#inPart > 0 || this.#marks.length === 0) this.#mark()
    return { partSize: this.#partSize, marks: Buffer.concat(this.#marks) }
  }

  #mark(): void {
    this.#marks.push(this.#hash.copy().digest())
    this.#inPart = 0
  }
}

/** The SHA-256 of the content that has these marks. */
export function sha256Of({ marks }: ContentMarks): Buffer {
  return marks.subarray(-markSize)
}

/** Tells of a content's parts, which come in order, whether they are those of its marks. */
export class MarkChecker {
  readonly #hash = createHash('sha256')
  readonly #marks: Buffer
  #next = 0

  constructor({ marks }: ContentMarks) {
    this.#marks = marks
  }

  isNext(part: Uint8Array): boolean {
    const mark = this.#marks.subarray(this.#next, this.#next + markSize)
    this.#next += markSize
    return this.#hash.update(part).copy().digest().equals(mark)
  }
}
