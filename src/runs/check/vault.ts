import type { Identity } from '../../crypto/identity.ts'
import { UserError } from '../../shared/errors.ts'
import { ObjectMissingError } from '../../storage/errors.ts'
import type { Storage } from '../../storage/storage.ts'
import type { TrialVerdict } from '../../storage/trial.ts'
import { findOpenableKey } from '../../vault/openableKey.ts'
import { openVault, type VaultPin } from '../../vault/vault.ts'
import { requireSameMode } from '../sameMode.ts'

/** In write-only mode, so many data keys are tried. */
const keysTried = 20

export interface VaultExpectation {
  /** Undefined where none could be opened. */
  identity: Identity | undefined
  pin: VaultPin | undefined
  writeOnly: boolean
  signal: AbortSignal
}

/**
 * Whether a destination has the vault that is pinned, and the identity opens it.
 * @throws UserError when it does not.
 */
export async function checkVault(storage: Storage, expected: VaultExpectation): Promise<TrialVerdict> {
  const { identity, pin, writeOnly, signal } = expected
  if (!identity) return { result: 'unknown', detail: 'not looked at: there is no identity to open it' }
  const vault = await openOrMissing(storage, { identity, pin, signal })
  if (!vault) {
    return { result: 'weak', detail: 'there is none yet', remedy: 'Make it with: safelight init' }
  }
  requireSameMode(writeOnly, vault)
  if (writeOnly) {
    const opened = await findOpenableKey(vault, identity.identity, { limit: keysTried, signal })
    if (opened !== undefined) {
      return {
        result: 'bad',
        detail: `the identity opens ${opened}, and in write-only mode should open no data key`,
        remedy: 'What that run stored can be read on this machine. Make a new identity and a new vault.',
      }
    }
  }
  if (pin) return { result: 'good', detail: 'is the pinned one, and the identity opens it' }
  return {
    result: 'weak',
    detail: 'the identity opens it, and nothing is pinned: somebody could have planted it',
    remedy: `Compare with the recovery sheet, then add to the destination:\nvault: { id: ${vault.id}, fingerprint: ${vault.fingerprint} }`,
  }
}

/** Undefined where none was ever made, as far as the configuration knows. */
async function openOrMissing(storage: Storage, options: Parameters<typeof openVault>[1]) {
  try {
    return await openVault(storage, options)
  } catch (error) {
    const isMissing = error instanceof UserError && error.cause instanceof ObjectMissingError
    if (isMissing && options.pin === undefined) return undefined
    throw error
  }
}
