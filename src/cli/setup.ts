import type { Command } from 'commander'
import { findDestination } from '../config/destination.ts'
import { UserError } from '../shared/errors.ts'
import type { Context } from './context.ts'
import { dataRecipients } from './dataRecipients.ts'
import { examples } from './examples.ts'
import { openIdentity } from './openIdentity.ts'
import { setupEnd } from './output/setupEnd.ts'
import { plainVoice, terminalDialogue } from './output/wizard.ts'
import { Asker } from './setup/asker.ts'
import { addDestinationFlags, flagsOf } from './setup/flags.ts'
import { absolutePath, draftOf, openSession } from './setup/session.ts'
import { backupNeeds, checkFirst } from './setup/steps/check.ts'
import { askDatabase } from './setup/steps/database.ts'
import { askDestination } from './setup/steps/destination.ts'
import { makeDestinationFolder } from './setup/steps/folder.ts'
import { askIdentity, requireSaved } from './setup/steps/identity.ts'
import { askLibrary, findImmich } from './setup/steps/immich.ts'
import { askWhich } from './setup/steps/which.ts'
import { previewFirstRun } from './setup/steps/preview.ts'
import { keeperOnDemand } from './setup/steps/secrets.ts'
import { settleVault } from './setup/steps/vault.ts'
import { writePlan, writtenConfig } from './setup/steps/write.ts'

export function configure(command: Command): void {
  command
    .argument('[type]', 'local, s3, gcs, sftp, drive or rclone')
    .option('--name <name>', 'what the destination is called; one that is there already is edited')
    .option('--yes', 'ask nothing: what no flag says is as offered')
    .optionsGroup('Immich:')
    .option('--immich <path>', 'its folder, its .env file or its compose file')
    .option('--library <folder>', 'its library, if nothing there says where it is')
    .option('--database <place>', 'host:port; a reference to the URL of the database; or none')
    .optionsGroup('Secrets:')
    .option('--secrets <where>', 'where new ones are kept: files, 1password, env')
    .option('--identity <reference>', 'an identity that is there already, in place of a new one')
    .option('--passphrase <how>', 'what protects the identity: none, generate, or a reference to one')
    .option('--identity-saved', 'you keep a copy of the identity away from this machine')
    .option('--op-vault <name>', 'the vault of 1Password')
    .option('--op-item <title>', 'the item of 1Password')
    .optionsGroup('Destination:')
  addDestinationFlags(command)
  command.addHelpText(
    'after',
    `
Asks what is needed, checks it, makes the vault, and tries it with a small object. Nothing is written before the last
question but what a check has to try, and giving up takes everything back. A secret is never a flag's value: such flags
take env:NAME, file:/path or op://vault/item/field.

Run again, it adds a destination, or edits the one that --name tells. Comments in the configuration stay.
${examples([
  ['safelight setup', 'Asks for everything.'],
  ['safelight setup local --path /mnt/backup/immich', 'Asks for the rest.'],
  [
    'safelight setup s3 --yes --provider b2 --region us-west-004 --bucket photos --access-key-id env:B2_KEY_ID --secret-access-key env:B2_KEY --identity-saved',
    'Asks nothing.',
  ],
])}`,
  )
}

export async function run(context: Context, command: Command): Promise<void> {
  const asker = askerFor(context, command)
  await using undo = new AsyncDisposableStack()
  const session = await openSession(context, asker, undo)

  const { type, name } = await askWhich(session, command.args[0])
  const keeper = keeperOnDemand(session, name)
  const installation = await findImmich(session)
  await askLibrary(session, installation)
  await askDatabase(session, installation, keeper)
  await askDestination(session, type, name, keeper)
  const newIdentity = await askIdentity(session, keeper)

  const draft = draftOf(session)
  const config = context.loadConfig(backupNeeds, draft)
  const destination = findDestination(config, name)
  const identity = await openIdentity(config, context)
  dataRecipients(config, identity)
  await makeDestinationFolder(session, destination)
  await checkFirst(session, { config, destination, identity, draft })
  await previewFirstRun(session, { config, destination })
  if (!(await asker.goesOn('Shall it be set up so?'))) throw new UserError('nothing was set up')

  await writePlan(session)
  if (newIdentity) await requireSaved(session, newIdentity)
  // From here on, everything that is there is whole.
  undo.move()
  const written = writtenConfig(session)
  const settled = await settleVault(session, {
    config: written,
    destination: findDestination(written, name),
    identity: newIdentity ? await openIdentity(written, context) : identity,
  })
  const end = { config: session.file, ...settled, variables: [...session.plan.variables] }
  context.output.result(end, (style) => setupEnd(end, style))
}

function askerFor(context: Context, command: Command): Asker {
  const flags = flagsOf(command)
  const attended = context.interactive && flags['yes'] !== true
  if (!attended && flags['yes'] !== true) {
    throw new UserError('nobody is here to be asked', {
      hint: 'Run the command at a terminal, or with --yes and a flag for each answer: safelight setup --help',
    })
  }
  return new Asker(attended ? terminalDialogue(context) : undefined, {
    voice: plainVoice(context.output),
    flags,
    absolute: (path) => absolutePath(path, context),
  })
}
