import type { ResumableOptions, ResumableUpload, ResumableUploads } from './resumable.ts'
import type { CallOptions } from './storage.ts'

/**
 * Makes one call of a resumable upload.
 * @param sent bytes of an object that go out with it; those that the storage holds already do not.
 */
export type AroundCall = <T>(call: () => Promise<T>, about: CallOptions & { sent: number }) => Promise<T>

/** The same resumable uploads, with each of their calls made by `around`. */
export function aroundUploads(inner: ResumableUploads, around: AroundCall): ResumableUploads {
  return {
    pieceUnit: inner.pieceUnit,
    maxPieces: inner.maxPieces,
    begin: async (key: string, options: ResumableOptions) =>
      aroundUpload(await around(async () => await inner.begin(key, options), about(options)), around),
    resume: async (key: string, token: string, options: ResumableOptions) => {
      const upload = await around(async () => await inner.resume(key, token, options), about(options))
      return upload && aroundUpload(upload, around)
    },
  }
}

function aroundUpload(inner: ResumableUpload, around: AroundCall): ResumableUpload {
  const { held } = inner
  let position = 0
  return {
    token: inner.token,
    get held() {
      return inner.held
    },
    append: async (piece: Uint8Array, options: CallOptions) => {
      position += piece.length
      const sent = Math.max(0, Math.min(piece.length, position - held))
      await around(async () => await inner.append(piece, options), { ...about(options), sent })
    },
    complete: async (options: CallOptions) =>
      await around(async () => await inner.complete(options), about(options)),
    abandon: async (options: CallOptions) =>
      await around(async () => await inner.abandon(options), about(options)),
  }
}

function about({ signal }: CallOptions): CallOptions & { sent: number } {
  return { signal, sent: 0 }
}
