import { DecryptionError } from '../../crypto/cobblestone.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { DataKeyRing } from '../../vault/dataKeys.ts'
import { wrappedDataKey } from '../../vault/layout.ts'
import { readSmallObject, sha256 } from '../../vault/objects.ts'
import type { StoredObject } from '../../vault/record.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Findings } from './finding.ts'

/** A data key as a manifest knows it. */
export interface KnownDataKey {
  keyId: Buffer
  wrappedSize: number
  wrappedSha256: Buffer
}

/** Holds small objects (`vault.json`, sealed keys) against the length and SHA-256 that a record wrote down. */
export async function checkStoredObjects(
  vault: Vault,
  objects: readonly StoredObject[],
  findings: Findings,
  options: CallOptions,
): Promise<void> {
  for (let i = 0; i < objects.length; i += atOnce) {
    const checks = objects.slice(i, i + atOnce).map(async ({ key, size, sha256: expected }) => {
      await findings.check(key, async () => {
        const bytes = await readSmallObject(vault.storage, key, size, options)
        if (bytes.length !== size || sha256(bytes).toString('hex') !== expected) {
          throw new DecryptionError(`${key} is not what it was: somebody exchanged or damaged it`)
        }
      })
    })
    await Promise.all(checks)
  }
}

/**
 * Checks every wrapped data key.
 * @param ring opens each of them, too; undefined where only the stored bytes are checked.
 */
export async function checkDataKeys(
  vault: Vault,
  known: readonly KnownDataKey[],
  ring: DataKeyRing | undefined,
  findings: Findings,
  options: CallOptions,
): Promise<void> {
  const stored = known.map(({ keyId, wrappedSize, wrappedSha256 }) => ({
    key: wrappedDataKey(keyId, 1),
    size: wrappedSize,
    sha256: wrappedSha256.toString('hex'),
  }))
  await checkStoredObjects(vault, stored, findings, options)
  for (const { keyId } of ring ? known : []) {
    await findings.check(wrappedDataKey(keyId, 1), async () => await ring?.load([keyId], options))
  }
}

const atOnce = 8
