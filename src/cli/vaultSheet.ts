import type { Config, Destination } from '../config/config.ts'
import type { Vault } from '../vault/vault.ts'
import type { RecoverySheet } from './output/recoverySheet.ts'

/** The recovery sheet of a vault. */
export function vaultSheet(
  vault: Vault,
  { config, destination, recipient }: { config: Config; destination: Destination; recipient: string },
): RecoverySheet {
  return {
    destination: destination.name,
    location: vault.storage.location,
    created: vault.created.toISOString(),
    vault: { id: vault.id, fingerprint: vault.fingerprint },
    writeOnly: vault.writeOnly,
    identity: { recipient, reference: config.identity?.reference },
    recovery: config.recovery,
  }
}
