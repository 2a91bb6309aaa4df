import { createHmac, hkdfSync } from 'node:crypto'
import { keyIdSize, type ObjectKey } from '../crypto/envelope.ts'

/**
 * The named keys of a vault, all derived from its index key. `info` strings, lengths and vectors: docs/format.md.
 */
export interface VaultKeys {
  /** For the names of objects. */
  names: Buffer
  /** For key ids. */
  keyIds: Buffer
  /** Encrypts manifests. */
  manifests: ObjectKey
  /** Encrypts snapshot records, run reports and verifications. */
  records: ObjectKey
  /** Authenticates `vault.json`. */
  vaultFile: Buffer
  /** 16 bytes that the configuration pins: public, and different for every index key. */
  fingerprint: Buffer
}

/** @param vaultId 16 bytes. @param indexKey 32 bytes. */
export function deriveVaultKeys(vaultId: Uint8Array, indexKey: Uint8Array): VaultKeys {
  const derive = (name: string, length = 32): Buffer =>
    Buffer.from(hkdfSync('sha512', indexKey, vaultId, `safelight v1 ${name}`, length))
  const keyIds = derive('key ids')
  const objectKeyFor = (name: string): ObjectKey => {
    const key = derive(name)
    return { id: keyIdFor(keyIds, key), key }
  }
  return {
    names: derive('names'),
    keyIds,
    manifests: objectKeyFor('manifests'),
    records: objectKeyFor('records'),
    vaultFile: derive('vault.json'),
    fingerprint: derive('fingerprint', 16),
  }
}

/**
 * The key that seals the index key under an identity.
 * @param seed the 32 bytes that the identity's Bech32 text holds.
 * @param prefix the text's Bech32 prefix in lower case, `age-secret-key-` or `age-secret-key-pq-`.
 */
export function sealKey(vaultId: Uint8Array, seed: Uint8Array, prefix: string): Buffer {
  return Buffer.from(hkdfSync('sha512', seed, vaultId, `safelight v1 seal ${prefix}`, 32))
}

/** The id by which objects name a key. It also proves that an unwrapped key is the one that was meant. */
export function keyIdFor(keyIdKey: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', keyIdKey).update(key).digest().subarray(0, keyIdSize)
}

/** The name of the object that holds a content under a data key: storage can't tell from it which file it is. */
export function objectName(names: Uint8Array, contentSha256: Uint8Array, keyId: Uint8Array): Buffer {
  return createHmac('sha256', names).update(contentSha256).update(keyId).digest()
}

/** What a note on the upload of a content is found by, under whatever data key it was begun. */
export function uploadName(names: Uint8Array, contentSha256: Uint8Array): Buffer {
  return createHmac('sha256', names).update('upload').update(contentSha256).digest().subarray(0, 16)
}
