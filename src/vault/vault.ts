import { randomBytes } from 'node:crypto'
import { unwrapWithIdentity, wrapForRecipients } from '../crypto/age.ts'
import { DecryptionError } from '../crypto/cobblestone.ts'
import { decryptObject, encryptObject, onlyKey, type ObjectKey } from '../crypto/envelope.ts'
import { exitCodes, UserError } from '../shared/errors.ts'
import { ObjectMissingError } from '../storage/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import {
  objectContext,
  indexKeyPrefix,
  objectPrefix,
  recordPrefix,
  sealedIndexKey,
  vaultFileKey,
  wrappedIndexKey,
} from './layout.ts'
import { createObject, readSmallObject } from './objects.ts'
import { deriveVaultKeys, keyIdFor, sealKey, type VaultKeys } from './vaultKeys.ts'
import { encodeVaultFile, isAuthentic, parseVaultFile, type VaultFile } from './vaultFile.ts'

/** An opened age identity: the one secret of a vault. */
export interface VaultIdentity {
  /** `AGE-SECRET-KEY-1...` or `AGE-SECRET-KEY-PQ-1...` */
  identity: string
  /** Its public half, `age1...` or `age1pq1...`. */
  recipient: string
  /** Bech32 prefix of `identity` in lower case. */
  prefix: string
  /** The 32 bytes that `identity` holds. */
  seed: Uint8Array
}

/** What the configuration remembers of a vault, so that an emptied or exchanged one does not look new. */
export interface VaultPin {
  id: string
  fingerprint: string
}

/** An opened vault: where it lies, and the keys of its index. */
export interface Vault {
  readonly storage: Storage
  /** 32 hexadecimal digits. */
  readonly id: string
  /** 32 hexadecimal digits. */
  readonly fingerprint: string
  readonly created: Date
  /** The identity of the backup job can't read contents or dumps; see docs/threat-model.md. */
  readonly writeOnly: boolean
  readonly keys: VaultKeys
}

const smallObjectLimit = 1024 * 1024
const noKeyId = Buffer.alloc(16)

/**
 * Creates an empty vault: the index key, sealed under the identity and wrapped for the recovery recipients, then
 * `vault.json`, which makes it one.
 * @throws UserError when something lies at the place already.
 */
export async function createVault(
  storage: Storage,
  options: {
    identity: VaultIdentity
    recovery: readonly string[]
    writeOnly: boolean
    now: Date
  } & CallOptions,
): Promise<Vault> {
  const n = await firstFreeIndexKey(storage, options)
  const id = randomBytes(16)
  const indexKey = randomBytes(32)
  const keys = deriveVaultKeys(id, indexKey)
  const vaultId = id.toString('hex')
  const create = { kind: 'index', signal: options.signal } as const

  const sealing: ObjectKey = { id: noKeyId, key: sealKey(id, options.identity.seed, options.identity.prefix) }
  const sealed = encryptObject(sealing, objectContext(vaultId, sealedIndexKey(n)), indexKey)
  await createObject(storage, sealedIndexKey(n), sealed, create)
  if (options.recovery.length > 0) {
    await createObject(
      storage,
      wrappedIndexKey(n),
      await wrapForRecipients(indexKey, options.recovery),
      create,
    )
  }
  const file = encodeVaultFile(keys.vaultFile, {
    id: vaultId,
    created: options.now,
    writeOnly: options.writeOnly,
  })
  await createObject(storage, vaultFileKey, file, create)
  return vaultOf(storage, parseVaultFile(file), keys)
}

/** How a vault is opened. */
interface OpenOptions extends CallOptions {
  /** The job's own, or a recovery identity. */
  identity: VaultIdentity
  /** What the configuration or the recovery sheet says; without it, authenticity is unproven, and the caller says so. */
  pin?: VaultPin | undefined
  /**
   * For whoever is going to store something: without a pin only a seal is believed, which takes the identity to make.
   * Anybody can wrap an index key with age, and would read the names in all that is stored under it.
   */
  storing?: boolean | undefined
}

/**
 * Opens a vault with an identity.
 * @throws UserError exit 10 when there is no vault, or not the pinned one; exit 12 when the identity does not open it.
 */
export async function openVault(storage: Storage, options: OpenOptions): Promise<Vault> {
  const file = await readVaultFile(storage, options)
  if (options.pin && options.pin.id !== file.id) {
    throw new UserError(
      `another vault lies at ${storage.location}: its id is ${file.id}, the configuration pins ${options.pin.id}`,
      {
        hint: 'Check the destination. If it is right, somebody exchanged the vault: do not trust it.',
        exitCode: exitCodes.noVault,
      },
    )
  }
  let doubt: UserError | undefined
  for await (const indexKey of indexKeys(storage, file, options)) {
    const keys = deriveVaultKeys(Buffer.from(file.id, 'hex'), indexKey)
    const itsDoubt = doubtAbout(keys, file, storage.location, options.pin)
    if (!itsDoubt) return vaultOf(storage, file, keys)
    doubt ??= itsDoubt
  }
  const rightIdentity = onlySeals(options)
    ? 'Use the identity that the vault was made with; a recovery identity will do where the vault is pinned.'
    : 'Use the identity that the recovery sheet names.'
  throw (
    doubt ??
    new UserError(`this identity does not open the vault at ${storage.location}`, {
      hint: `Its public key is ${options.identity.recipient}. ${rightIdentity}`,
      exitCode: exitCodes.wrongKey,
    })
  )
}

/** Why an index key is not this vault's, or undefined when it is. */
function doubtAbout(
  keys: VaultKeys,
  file: VaultFile,
  location: string,
  pin: VaultPin | undefined,
): UserError | undefined {
  if (pin && pin.fingerprint !== keys.fingerprint.toString('hex')) {
    return new UserError(
      `the vault at ${location} has another index key than the one that the configuration pins`,
      {
        hint: 'Somebody planted keys in the vault: do not trust it. Compare its fingerprint with the recovery sheet.',
        exitCode: exitCodes.wrongKey,
      },
    )
  }
  if (isAuthentic(file, keys.vaultFile)) return undefined
  return new UserError('vault.json is not authentic: it was not written with the index key of this vault', {
    hint: 'Somebody changed vault.json. Compare it with the recovery sheet and with another copy.',
    exitCode: exitCodes.wrongKey,
  })
}

/** The id by which objects of this vault name a data key. */
export function dataKeyId(vault: Vault, dataKey: Uint8Array): Buffer {
  return keyIdFor(vault.keys.keyIds, dataKey)
}

function vaultOf(storage: Storage, file: VaultFile, keys: VaultKeys): Vault {
  return {
    storage,
    id: file.id,
    fingerprint: keys.fingerprint.toString('hex'),
    created: new Date(file.created),
    writeOnly: file.writeOnly,
    keys,
  }
}

async function readVaultFile(
  storage: Storage,
  options: { pin?: VaultPin | undefined } & CallOptions,
): Promise<VaultFile> {
  try {
    return parseVaultFile(await readSmallObject(storage, vaultFileKey, smallObjectLimit, options))
  } catch (error) {
    if (!(error instanceof ObjectMissingError)) throw error
    throw new UserError(`there is no vault at ${storage.location}: it has no vault.json`, {
      hint: options.pin
        ? 'The configuration says that one was here: it was emptied, or is not mounted. Look at the storage first.'
        : "For a new destination run 'safelight init'. If a vault was here, it was emptied or is not mounted.",
      exitCode: exitCodes.noVault,
      cause: error,
    })
  }
}

/**
 * The index keys that the identity opens, most likely one. A recovery identity also opens what an earlier attempt to
 * create the vault left behind, and what somebody may have planted for it: the caller tells which one is right.
 * The first seal is tried before anything is listed: nearly every vault has one identity, and a backup counts its requests.
 */
async function* indexKeys(
  storage: Storage,
  file: VaultFile,
  options: OpenOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const first = await tryIndexKey(storage, sealedIndexKey(1), file, options)
  if (first) yield first
  for await (const { key } of storage.list(indexKeyPrefix, options)) {
    if (onlySeals(options) && !key.endsWith('.sealed')) continue
    const indexKey = await tryIndexKey(storage, key, file, options)
    if (indexKey) yield indexKey
  }
}

function onlySeals({ storing = false, pin }: OpenOptions): boolean {
  return storing && pin === undefined
}

async function tryIndexKey(
  storage: Storage,
  key: string,
  file: VaultFile,
  options: { identity: VaultIdentity } & CallOptions,
): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readSmallObject(storage, key, smallObjectLimit, options)
    if (key.endsWith('.age')) return await unwrapWithIdentity(bytes, options.identity.identity)
    const sealing = sealKey(Buffer.from(file.id, 'hex'), options.identity.seed, options.identity.prefix)
    return decryptObject(onlyKey({ id: noKeyId, key: sealing }), objectContext(file.id, key), bytes)
  } catch (error) {
    if (error instanceof DecryptionError || error instanceof ObjectMissingError) return undefined
    throw error
  }
}

/** An earlier attempt that ended before `vault.json` leaves index keys that nothing refers to: they are passed over. */
async function firstFreeIndexKey(storage: Storage, options: CallOptions): Promise<number> {
  for (const prefix of [vaultFileKey, objectPrefix, 'hosts/']) {
    for await (const { key } of storage.list(prefix, options)) {
      throw new UserError(`${storage.location} is not empty: ${key} is there already`, {
        hint:
          key === vaultFileKey
            ? 'A vault is there. To use it, pin its id and fingerprint in the configuration; they are on its recovery sheet.'
            : 'Choose an empty folder or another prefix.',
      })
    }
  }
  let n = 1
  for await (const { key } of storage.list(indexKeyPrefix, options)) {
    n = Math.max(n, Number.parseInt(key.slice(indexKeyPrefix.length), 10) + 1)
  }
  return n
}

/** Whether a host has ever committed anything here. */
export async function hasRecords(vault: Vault, host: string, options: CallOptions): Promise<boolean> {
  for await (const _ of vault.storage.list(recordPrefix(host), options)) return true
  return false
}
