import { packedSizeLimit, resumedFrom } from './contentSizes.ts'
import { largestLoan, loanFor } from './workMemory.ts'
import type { ListedCandidate, NamedFile } from './workList.ts'

/** Files that one job reads. */
export interface Parcel {
  files: readonly NamedFile[]
  /** Small ones, which share a pack; else there is one. */
  packed: boolean
  /** How much memory a destination takes for it, in bytes. */
  memory: number
}

/** Files that are for the same destinations. */
export interface ListedParcel extends Parcel {
  files: readonly ListedCandidate[]
  lackedBy: number
}

/** Limits of a pack: contents, and bytes of them. */
const filesPerPack = 256
const bytesPerPack = 8 * 1024 * 1024
/** Memory of a content that is too large to be sent again: one loan to read into, and two pieces to send from. */
const memoryOfLarge = 3 * largestLoan

/** One file that goes into an object of its own. */
export function singleParcel(file: NamedFile): Parcel {
  return {
    files: [file],
    packed: false,
    memory: file.size < resumedFrom ? loanFor(file.size) : memoryOfLarge,
  }
}

/** Puts small candidates together, as they come. */
export class ParcelMaker {
  /** What is being filled, for each set of destinations. */
  readonly #open = new Map<number, { files: ListedCandidate[]; bytes: number }>()

  /** @returns a parcel when one is full. */
  add(candidate: ListedCandidate): ListedParcel | undefined {
    const { lackedBy, size } = candidate
    if (size > packedSizeLimit) return { ...singleParcel(candidate), files: [candidate], lackedBy }
    const open = this.#open.get(lackedBy) ?? { files: [], bytes: 0 }
    open.files.push(candidate)
    open.bytes += size
    const isFull = open.files.length === filesPerPack || open.bytes >= bytesPerPack
    if (isFull) this.#open.delete(lackedBy)
    else this.#open.set(lackedBy, open)
    return isFull ? packed(open.files, lackedBy) : undefined
  }

  /** Those that never got full. */
  rest(): ListedParcel[] {
    return [...this.#open].map(([lackedBy, { files }]) => packed(files, lackedBy))
  }
}

function packed(files: readonly ListedCandidate[], lackedBy: number): ListedParcel {
  return { files, lackedBy, packed: true, memory: largestLoan }
}
