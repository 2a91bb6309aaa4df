import type { Config, Destination } from '../config/config.ts'
import { storageOptions } from '../config/storageOptions.ts'
import type { Identity } from '../crypto/identity.ts'
import { rememberedRecord, hostFolder } from '../runs/stateFolder.ts'
import { openStorage, prepareStorage } from '../storage/open.ts'
import type { StorageOptions } from '../storage/options.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import type { Context } from './context.ts'
import { openIdentity } from './openIdentity.ts'

/** A destination's vault, open, with all that a command needs to work on it. */
export interface OpenedDestination extends AsyncDisposable {
  destination: Destination
  storage: StorageOptions
  vault: Vault
  identity: Identity
  /** What this machine keeps of the configured host of this vault. */
  folder: string
  /** The newest record that this machine has seen of the configured host. */
  remembered: ReturnType<typeof rememberedRecord>
}

/**
 * Opens the vault of a destination.
 * Where nothing is pinned, that is said: the vault's authenticity is unproven then.
 * @param known the configured identity, where it is open already.
 * @param options.storing as for {@link openVault}.
 */
export async function openDestination(
  context: Context,
  config: Config,
  destination: Destination,
  known?: Identity,
  { storing }: { storing?: boolean } = {},
): Promise<OpenedDestination> {
  const { signal } = context
  const identity = known ?? (await openIdentity(config, context))
  await using stack = new AsyncDisposableStack()
  const { options } = stack.use(
    await prepareStorage(storageOptions(destination, config.limits, config.state), { signal }),
  )
  const storage = await openStorage(options, { signal })
  stack.defer(async () => await storage.close())
  const pin = destination.vault
  const vault = await openVault(storage, { identity, pin, storing, signal })
  if (!pin) {
    context.output.warn(
      `nothing is pinned for destination ${destination.name}, so nobody can say that this is your vault and not one that somebody planted. Compare with the recovery sheet: vault ${vault.id}, fingerprint ${vault.fingerprint}`,
    )
  }
  const folder = hostFolder(config.state, vault.id, config.host)
  const remembered = rememberedRecord(folder)
  const owned = stack.move()
  return {
    destination,
    storage: options,
    vault,
    identity,
    folder,
    remembered,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

/** Where a destination that was never opened would keep its state. */
export function pinnedHostFolder(config: Config, { vault }: Destination): string | undefined {
  return vault && hostFolder(config.state, vault.id, config.host)
}
