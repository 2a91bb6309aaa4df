import { randomBytes } from 'node:crypto'
import { unwrapWithIdentity, wrapForRecipients } from '../crypto/age.ts'
import { DecryptionError } from '../crypto/cobblestone.ts'
import type { KeyLookup, ObjectKey } from '../crypto/envelope.ts'
import { exitCodes, UserError } from '../shared/errors.ts'
import { ObjectMissingError } from '../storage/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { dataKeyPrefix, wrappedDataKey } from './layout.ts'
import { createObject, readSmallObject, sha256, type ObjectDigest } from './objects.ts'
import { dataKeyId, type Vault, type VaultIdentity } from './vault.ts'
import { keyIdFor } from './vaultKeys.ts'

const wrappedKeyLimit = 256 * 1024

/** A data key that is stored, wrapped, and so may encrypt objects. */
export interface StoredDataKey extends ObjectKey {
  id: Buffer
  wrapped: ObjectDigest & { key: string }
}

/**
 * Makes a new data key and stores it wrapped, before anything is encrypted under it.
 * @param recipients who can open it; they come from our configuration and never from the vault.
 */
export async function createDataKey(
  vault: Vault,
  recipients: readonly string[],
  options: CallOptions,
): Promise<StoredDataKey> {
  const key = randomBytes(32)
  const id = dataKeyId(vault, key)
  const path = wrappedDataKey(id, 1)
  const wrapped = await wrapForRecipients(key, recipients)
  const stored = await createObject(vault.storage, path, wrapped, { kind: 'index', signal: options.signal })
  return { id, key, wrapped: { key: path, ...stored } }
}

/** What opening a data key takes of a vault. */
export interface DataKeyVault {
  readonly storage: Storage
  readonly keys: { readonly keyIds: Uint8Array }
}

/**
 * A data key of an earlier run, to store more under it: as {@link createDataKey} gave it then.
 * @param identity `AGE-SECRET-KEY-1...`
 * @returns undefined when it is not there, does not open with this identity, or is not the one with this id.
 */
export async function reopenDataKey(
  vault: DataKeyVault,
  identity: string,
  id: Buffer,
  options: CallOptions,
): Promise<StoredDataKey | undefined> {
  try {
    return await tryOpen(vault, identity, wrappedDataKey(id, 1), id, options)
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined
    throw error
  }
}

/** age does not say who wrapped a key, so the key must prove itself by its id before any use. */
async function tryOpen(
  { storage, keys }: DataKeyVault,
  identity: string,
  path: string,
  id: Uint8Array,
  options: CallOptions,
): Promise<StoredDataKey | undefined> {
  const bytes = await readSmallObject(storage, path, wrappedKeyLimit, options)
  try {
    const key = await unwrapWithIdentity(bytes, identity)
    if (key.length !== 32 || !keyIdFor(keys.keyIds, key).equals(id)) return undefined
    return { id: Buffer.from(id), key, wrapped: { key: path, size: bytes.length, sha256: sha256(bytes) } }
  } catch (error) {
    if (error instanceof DecryptionError) return undefined
    throw error
  }
}

/** The data keys that a reader has opened, by key id. */
export class DataKeyRing {
  readonly #vault: Vault
  readonly #identity: VaultIdentity
  readonly #keys = new Map<string, Uint8Array>()

  constructor(vault: Vault, identity: VaultIdentity) {
    this.#vault = vault
    this.#identity = identity
  }

  /**
   * Opens the keys with these ids; those opened before cost nothing.
   * @throws UserError exit 12 when the identity is none of a key's recipients, or the key was exchanged.
   */
  async load(ids: readonly Uint8Array[], options: CallOptions): Promise<void> {
    const missing = ids.filter((id) => !this.#keys.has(hex(id)))
    for (let i = 0; i < missing.length; i += 8) {
      await Promise.all(
        missing.slice(i, i + 8).map(async (id) => this.#keys.set(hex(id), await this.#open(id, options))),
      )
    }
  }

  /** For decryption; throws for a key id that was not loaded. */
  readonly lookup: KeyLookup = (id) => {
    const key = this.#keys.get(hex(id))
    if (!key) throw new DecryptionError(`the object names the unknown key ${hex(id)}`)
    return key
  }

  /** All opened keys, for a worker thread. */
  entries(): Map<string, Uint8Array> {
    return new Map(this.#keys)
  }

  async #open(id: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const tryPath = async (path: string) =>
      await tryOpen(this.#vault, this.#identity.identity, path, id, options)
    const first = await tryPath(wrappedDataKey(id, 1))
    if (first) return first.key
    for await (const { key: path } of this.#vault.storage.list(dataKeyPrefix(id), options)) {
      const opened = await tryPath(path)
      if (opened) return opened.key
    }
    throw new UserError(`this identity does not open the data key ${hex(id)} of the vault`, {
      hint: this.#vault.writeOnly
        ? 'The vault is in write-only mode: use a recovery identity to read from it.'
        : 'The key was damaged or exchanged. Try another identity of the recovery sheet.',
      exitCode: exitCodes.wrongKey,
    })
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
