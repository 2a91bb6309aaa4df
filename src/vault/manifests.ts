import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { constants, createGunzip, createGzip } from 'node:zlib'
import { decryptStream, encryptStream, onlyKey } from '../crypto/envelope.ts'
import { UserError } from '../shared/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { manifestKey, type ManifestKind, objectContext } from './layout.ts'
import { createObjectFromStream } from './objects.ts'
import type { StoredManifest } from './record.ts'
import type { Vault } from './vault.ts'

/** Stores a SQLite file as a manifest of the vault: gzip, encrypted, streamed. */
export async function storeManifest(
  vault: Vault,
  place: { host: string; runId: string; n: number; kind: ManifestKind; sequence: number },
  file: string,
  options: CallOptions,
): Promise<StoredManifest> {
  const key = manifestKey(place.host, place.runId, place.n, place.kind)
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
  const { kind, sequence } = place
  return { key, kind, sequence, size: stored.size, sha256: stored.sha256.toString('hex'), plaintextSize }
}

/**
 * Fetches a manifest into a new file. Only a file that came back whole and authentic is left there.
 * @throws DecryptionError | ObjectMissingError | UserError when the vault holds something else than the record says.
 */
export async function fetchManifest(
  vault: Vault,
  manifest: StoredManifest,
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
  await pipeline(
    decryptStream(onlyKey(vault.keys.manifests), context, ciphertext()),
    createGunzip(),
    boundedBy(manifest.plaintextSize, manifest.key),
    createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    { signal: options.signal },
  )
  if (hash.digest('hex') !== manifest.sha256 || (await stat(file)).size !== manifest.plaintextSize) {
    throw damaged(manifest.key)
  }
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
