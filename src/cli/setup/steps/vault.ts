/* The vault: made, or taken over, pinned, and tried. */
import type { Config, Destination } from '../../../config/config.ts'
import { pinVault } from '../../../config/pin.ts'
import { storageOptions } from '../../../config/storageOptions.ts'
import type { Identity } from '../../../crypto/identity.ts'
import { roundTrip, type RoundTrip } from '../../../runs/roundTrip.ts'
import { exitCodes, UserError } from '../../../shared/errors.ts'
import { openStorage, prepareStorage } from '../../../storage/open.ts'
import type { Storage } from '../../../storage/storage.ts'
import { createVault, openVault, type Vault } from '../../../vault/vault.ts'
import { dataRecipients } from '../../dataRecipients.ts'
import type { RecoverySheet } from '../../output/recoverySheet.ts'
import { vaultSheet } from '../../vaultSheet.ts'
import type { Session } from '../session.ts'

interface Subject {
  config: Config
  destination: Destination
  identity: Identity
}

export interface SettledVault {
  /** Whether it was made now. */
  isNew: boolean
  sheet: RecoverySheet
  proof: RoundTrip
}

/**
 * Makes the destination's vault unless it has one that this identity opens, pins it, and proves that it gives back what
 * it is given.
 */
export async function settleVault(
  { asker, context, file }: Session,
  { config, destination, identity }: Subject,
): Promise<SettledVault> {
  const { signal } = context
  await using prepared = await prepareStorage(storageOptions(destination, config.limits, config.state), {
    signal,
  })
  await using stack = new AsyncDisposableStack()
  const storage = await openStorage(prepared.options, { signal })
  stack.defer(async () => await storage.close())

  const there = await openIfThere(storage, { identity, pin: destination.vault, signal })
  const { recovery, writeOnly } = config
  const making = () => createVault(storage, { identity, recovery, writeOnly, now: new Date(), signal })
  const vault = there ?? (await asker.working('Making the vault', making))
  const sheet = vaultSheet(vault, { config, destination, recipient: identity.recipient })
  await pinVault(file, destination.name, sheet.vault)

  const recipients = dataRecipients(config, identity)
  const trying = () => roundTrip(vault, { identity, recipients, now: () => new Date(), signal })
  const proof = await asker.working('Storing a small object, reading it back and comparing', trying)
  return { isNew: there === undefined, sheet, proof }
}

/**
 * The vault that lies there. Without a pin, that the identity opens its sealed index key proves it to be of whoever holds
 * the identity: storage can't make such a seal.
 */
async function openIfThere(
  storage: Storage,
  options: Parameters<typeof openVault>[1],
): Promise<Vault | undefined> {
  try {
    return await openVault(storage, options)
  } catch (error) {
    const isMissing = error instanceof UserError && error.exitCode === exitCodes.noVault
    if (isMissing && options.pin === undefined) return undefined
    throw error
  }
}
