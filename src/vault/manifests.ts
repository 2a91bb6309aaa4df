import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { rename, stat } from 'node:fs/promises'
import { constants, createGunzip, createGzip } from 'node:zlib'
import { decryptStream, encryptStream, onlyKey } from '../crypto/envelope.ts'
import { UserError } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { manifestKey, type ManifestKind, objectContext } from './layout.ts'
import { createObjectFromStream } from './objects.ts'
import type { StoredManifest, StoredObject } from './record.ts'
import type { Vault } from './vault.ts'

/** Stores a SQLite file as a manifest of the vault. */
export async function storeManifest(
  vault: Vault,
  place: { host: string; runId: string; n: number; kind: ManifestKind; sequence: number },
  file: string,
  options: CallOptions,
): Promise<StoredManifest> {
  const key = manifestKey(place.host, place.runId, place.n, place.kind)
  const { kind, sequence } = place
  return { ...(await storeSqlite(vault, key, file, options)), kind, sequence }
}

/** A SQLite file as it lies in the vault. */
export interface StoredSqlite extends StoredObject {
  /** Bytes of the file itself. */
  plaintextSize: number
}

/** Stores a SQLite file under the manifests key: gzip, encrypted, streamed. */
export async function storeSqlite(
  vault: Vault,
  key: string,
  file: string,
  options: CallOptions,
): Promise<StoredSqlite> {
  const { size: plaintextSize } = await stat(file)
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  const compressing = pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), gzip, {
    signal: options.signal,
  })
  const sealed = encryptStream(vault.keys.manifests, objectContext(vault.id, key), gzip)
  const [stored] = await Promise.all([
    createObjectFromStream(vault.storage, key, sealed, { kind: 'index', signal: options.signal }),
    compressing,
  ])
  return { key, size: stored.size, sha256: stored.sha256.toString('hex'), plaintextSize }
}

/**
 * Fetches a manifest, or another SQLite file, into a new file. Only one that came back whole and authentic is left there.
 * @throws DecryptionError | ObjectMissingError | UserError when the vault holds something else than the record says.
 */
export async function fetchSqlite(
  vault: Vault,
  manifest: StoredSqlite,
  file: string,
  options: CallOptions,
): Promise<void> {
  const hash = createHash('sha256')
  async function* ciphertext(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of vault.storage.read(manifest.key, options)) {
      hash.update(chunk)
      yield chunk
    }
  }
  const context = objectContext(vault.id, manifest.key)
  const coming = `${file}.coming`
  await pipeline(
    decryptStream(onlyKey(vault.keys.manifests), context, ciphertext()),
    createGunzip(),
    boundedBy(manifest.plaintextSize, manifest.key),
    createWriteStream(coming, { mode: 0o600 }),
    { signal: options.signal },
  )
  if (hash.digest('hex') !== manifest.sha256 || (await stat(coming)).size !== manifest.plaintextSize) {
    throw damaged(manifest.key)
  }
  await rename(coming, file)
}

function boundedBy(limit: number, key: string) {
  return async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let size = 0
    for await (const chunk of source) {
      size += chunk.length
      if (size > limit) throw damaged(key)
      yield chunk
    }
  }
}

function damaged(key: string): UserError {
  return new UserError(`the manifest ${key} is not the one that its snapshot record names`, {
    hint: 'Choose another snapshot; every full manifest stands on its own.',
  })
}
