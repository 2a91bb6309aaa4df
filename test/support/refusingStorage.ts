import { AccessDeniedError } from '../../src/storage/errors.ts'
import { ForwardingStorage } from '../../src/storage/forward.ts'
import type {
  ListedObject,
  ListOptions,
  PutOptions,
  ReadOptions,
  Storage,
  UploadOptions,
} from '../../src/storage/storage.ts'

/** Keys, or prefixes of listings, for which calls are refused. */
interface Refusals {
  create?: RegExp
  read?: RegExp
  list?: RegExp
}

/** The same storage with credentials that allow less. */
export class RefusingStorage extends ForwardingStorage {
  readonly #refusals: Refusals

  constructor(inner: Storage, refusals: Refusals) {
    super(inner)
    this.#refusals = refusals
  }

  override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
    this.#refuse('create', key)
    await super.put(key, bytes, options)
  }

  override async upload(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: UploadOptions,
  ): Promise<void> {
    this.#refuse('create', key)
    await super.upload(key, source, options)
  }

  override async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    this.#refuse('read', key)
    yield* super.read(key, options)
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject, void, undefined> {
    this.#refuse('list', prefix)
    yield* super.list(prefix, options)
  }

  #refuse(what: keyof Refusals, key: string): void {
    if (this.#refusals[what]?.test(key)) throw new AccessDeniedError(`no right to ${what} ${key}`)
  }
}
