import { randomBytes } from 'node:crypto'
import { unwrapWithIdentity, wrapForRecipients } from '../crypto/age.ts'
import { DecryptionError } from '../crypto/cobblestone.ts'
import { decryptObject, encryptObject, objectSize, onlyKey } from '../crypto/envelope.ts'
import { UserError } from '../shared/errors.ts'
import { bytesOf } from '../storage/probe/bytes.ts'
import { removeOwnObjects } from '../storage/probe/ownObjects.ts'
import { tryRemoving } from '../storage/probe/permissions.ts'
import { newSite, type Site } from '../storage/probe/site.ts'
import { objectContext } from '../vault/layout.ts'
import { dataKeyId, type Vault, type VaultIdentity } from '../vault/vault.ts'

/** More than one chunk of the encryption, and of no round size. */
const bodySize = 100_003
const wrappedKeyLimit = 256 * 1024

export interface RoundTrip {
  /** Bytes that came back as they were. */
  bytes: number
  /** False in write-only mode: the identity may not open what it stored, so the stored bytes alone were compared. */
  decrypted: boolean
  /** What became of the objects, as a sentence without its full stop. */
  leftovers: string
}

interface RoundTripOptions {
  identity: VaultIdentity
  /** Who can open data keys. */
  recipients: readonly string[]
  now: () => Date
  signal: AbortSignal
}

/**
 * Proves that a vault gives back what it is given: a data key, wrapped, and an object under it, stored, read back,
 * opened with the identity and compared. Both are a probe's own objects, below `uploads/`, and no part of any backup:
 * they are removed where the credentials may, and else by the rule that clears that place.
 * @throws UserError when what comes back differs, or does not open.
 */
export async function roundTrip(vault: Vault, options: RoundTripOptions): Promise<RoundTrip> {
  const { identity, recipients, now, signal } = options
  const site = newSite(vault.storage, { now, clock: () => performance.now(), signal })
  const body = randomBytes(bodySize)
  const key = randomBytes(32)
  const dataKey = { key, id: dataKeyId(vault, key) }
  const places = { key: site.key('key'), object: site.key('object') }
  const context = objectContext(vault.id, places.object)
  const wrapped = Buffer.from(await wrapForRecipients(key, recipients))
  const object = encryptObject(dataKey, context, body)
  await vault.storage.put(places.key, wrapped, { kind: 'index', signal })
  await vault.storage.put(places.object, object, { kind: 'index', signal })

  const storedKey = await readBack(site, places.key, wrappedKeyLimit)
  const storedObject = await readBack(site, places.object, objectSize(bodySize))
  const same = vault.writeOnly
    ? storedKey.equals(wrapped) && storedObject.equals(object)
    : body.equals(await openedBody(identity, { storedKey, storedObject, id: dataKey.id, context }))
  if (!same) throw differs(vault)

  await tryRemoving(site)
  const { detail } = await removeOwnObjects(site)
  return { bytes: body.length, decrypted: !vault.writeOnly, leftovers: detail }
}

async function readBack({ storage, call }: Site, key: string, limit: number): Promise<Buffer> {
  return await bytesOf(storage.read(key, call), limit)
}

async function openedBody(
  { identity }: VaultIdentity,
  stored: { storedKey: Uint8Array; storedObject: Uint8Array; id: Uint8Array; context: string },
): Promise<Buffer> {
  try {
    const key = await unwrapWithIdentity(stored.storedKey, identity)
    return decryptObject(onlyKey({ id: stored.id, key }), stored.context, stored.storedObject)
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error
    throw new UserError(`what was stored on trial does not decrypt: ${error.message}`, {
      hint: damaged,
      cause: error,
    })
  }
}

const damaged = 'The destination alters what is stored there. Do not use it before that is put right.'

function differs({ storage }: Vault): UserError {
  return new UserError(`${storage.location} gave back other bytes than it was given`, { hint: damaged })
}
