import { createHash, type Hash } from 'node:crypto'
import { createGunzip } from 'node:zlib'
import { DecryptionError } from '../../crypto/cobblestone.ts'
import { decryptStream } from '../../crypto/envelope.ts'
import { DumpInspector } from '../../immich/dumpInspector.ts'
import { through } from '../../immich/zlibThrough.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { DataKeyRing } from '../../vault/dataKeys.ts'
import type { StoredDump } from '../../vault/record.ts'
import { objectContext } from '../../vault/layout.ts'
import type { Vault } from '../../vault/vault.ts'

/**
 * Reads a dump from its first byte to its last.
 * @param keys with these the plaintext is held against the record as well, and the SQL must be whole; without them only
 *   the stored bytes are.
 * @param onBytes hears of stored bytes as they are read.
 * @throws DecryptionError | IncompleteDumpError | ObjectMissingError when it is not the dump that the record names.
 */
export async function checkDump(
  vault: Vault,
  dump: StoredDump,
  keys: DataKeyRing | undefined,
  onBytes: (bytes: number) => void,
  options: CallOptions,
): Promise<void> {
  const stored = new Measure(onBytes)
  const ciphertext = stored.of(vault.storage.read(dump.key, options))
  if (keys) await checkPlaintext(vault, dump, keys, ciphertext, options)
  else for await (const _ of ciphertext);
  if (stored.size !== dump.size || stored.digest() !== dump.sha256) {
    throw new DecryptionError(`${dump.key} is not the dump that its snapshot record names`)
  }
}

async function checkPlaintext(
  vault: Vault,
  dump: StoredDump,
  keys: DataKeyRing,
  ciphertext: AsyncIterable<Uint8Array>,
  options: CallOptions,
): Promise<void> {
  await keys.load([Buffer.from(dump.keyId, 'hex')], options)
  const plaintext = new Measure(() => undefined)
  const opened = plaintext.of(decryptStream(keys.lookup, objectContext(vault.id, dump.key), ciphertext))
  const inspector = new DumpInspector()
  for await (const sql of through(opened, createGunzip())) inspector.push(sql)
  const { sqlBytes } = inspector.finish()
  const isRight =
    plaintext.size === dump.plaintextSize &&
    plaintext.digest() === dump.plaintextSha256 &&
    sqlBytes === dump.sqlSize
  if (!isRight) throw new DecryptionError(`${dump.key} holds other bytes than its snapshot record says`)
}

/** Counts and hashes what flows through. */
class Measure {
  size = 0
  readonly #hash: Hash = createHash('sha256')
  readonly #onBytes: (bytes: number) => void

  constructor(onBytes: (bytes: number) => void) {
    this.#onBytes = onBytes
  }

  async *of(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of source) {
      this.size += bytes.length
      this.#hash.update(bytes)
      this.#onBytes(bytes.length)
      yield bytes
    }
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}
