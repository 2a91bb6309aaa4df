import type { Command } from 'commander'
import { findDestination } from '../config/destination.ts'
import { pinVault } from '../config/pin.ts'
import { storageOptions } from '../config/storageOptions.ts'
import { UserError } from '../shared/errors.ts'
import { openStorage, prepareStorage } from '../storage/open.ts'
import { createVault } from '../vault/vault.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { examples } from './examples.ts'
import { openIdentity } from './openIdentity.ts'
import { recoverySheet } from './output/recoverySheet.ts'
import { vaultSheet } from './vaultSheet.ts'

interface Options {
  to?: string
  yes?: boolean
}

export function configure(command: Command): void {
  command
    .option('--to <name>', 'the destination, where there are several')
    .option('--yes', 'the identity is saved elsewhere: do not ask')
    .addHelpText(
      'after',
      `
Creates the vault that backups go to, prints its recovery sheet, and pins the
vault in the configuration. Nothing that lies at the destination is touched.
${examples([
  ['safelight init', 'Creates a vault at the only destination.'],
  ['safelight init --to cloud --yes', 'The same for one of several, without a question.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<void> {
  const { to, yes = false } = command.opts<Options>()
  const { signal } = context
  const config = context.loadConfig(['identity', 'destinations'])
  const destination = findDestination(config, to)
  if (destination.vault) {
    throw new UserError(`the configuration pins a vault for destination ${destination.name} already`, {
      hint: 'The destination has its vault. To give it a new one, first remove the `vault` field by hand.',
    })
  }
  const identity = await openIdentity(config, context)
  dataRecipients(config, identity)
  if (!yes) await confirmSaved(context, identity.recipient, config.recovery.length)
  await using prepared = await prepareStorage(storageOptions(destination, config.limits, config.state), {
    signal,
  })
  const storage = await openStorage(prepared.options, { signal })
  try {
    const { recovery, writeOnly } = config
    const vault = await createVault(storage, {
      identity,
      recovery,
      writeOnly,
      now: new Date(),
      signal,
    })
    const sheet = vaultSheet(vault, { config, destination, recipient: identity.recipient })
    context.output.result(sheet, () => recoverySheet(sheet))
    if (config.file) await pinVault(config.file, destination.name, sheet.vault)
    context.output.note(config.file ? `\nPinned the vault in ${config.file}.` : '')
  } finally {
    await storage.close()
  }
}

/** A vault whose only identity is lost is lost: nobody goes on before it is kept somewhere else, too. */
async function confirmSaved(
  { output, interactive, ask }: Context,
  recipient: string,
  recoveryRecipients: number,
): Promise<void> {
  const others = recoveryRecipients === 0 ? 'nothing else does' : 'else only the recovery identities do'
  output.note(`The identity with the public key ${recipient} opens this vault, and ${others}.`)
  if (!interactive) {
    throw new UserError('nobody is here to say that the identity is saved', {
      hint: 'Keep a copy of it away from this machine, then run the command with --yes.',
    })
  }
  const answer = await ask('Is a copy of it kept away from this machine? Type yes')
  if (answer.trim().toLowerCase() !== 'yes')
    throw new UserError('nothing was created', { hint: 'Save the identity first.' })
}
