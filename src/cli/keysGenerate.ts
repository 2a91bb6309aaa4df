import { resolve } from 'node:path'
import type { Command } from 'commander'
import { generateIdentity, identityFile, protectWithPassphrase } from '../crypto/identity.ts'
import { UserError } from '../shared/errors.ts'
import { createFile } from '../shared/files.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { fileError } from './fileError.ts'

interface Options {
  out?: string
  passphrase?: boolean
  postQuantum?: boolean
}

export function configure(command: Command): void {
  command
    .option('--out <file>', 'write it to a new file that only you can read, not to stdout')
    .option('--passphrase', 'protect it with a passphrase, asked for or read from stdin')
    .option('--post-quantum', 'make one that withstands quantum computers, too')
    .addHelpText(
      'after',
      `
Whoever holds the identity can read the backups, and without it nobody can.
Keep copies of it where a fire, a thief or a broken disk can't take them all.
${examples([
  ['safelight keys generate --out identity.txt', 'Makes an identity; its public key is shown.'],
  ['safelight keys generate --passphrase --out identity.age', 'The same, of no use without its passphrase.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<void> {
  const { out, passphrase = false, postQuantum = false } = command.opts<Options>()
  const identity = await generateIdentity({ postQuantum })
  const plain = identityFile(identity, new Date())
  const content = passphrase ? await protectWithPassphrase(plain, await newPassphrase(context)) : plain
  const { recipient } = identity
  if (out === undefined) {
    context.output.note(`Public key: ${recipient}`)
    context.output.result({ recipient, identity: content }, () => content.trimEnd())
    return
  }
  const file = resolve(context.cwd, out)
  try {
    await createFile(file, content, 0o600)
  } catch (error) {
    throw fileError(file, error)
  }
  context.output.note(`Public key: ${recipient}`)
  context.output.result({ recipient, file }, () => `Wrote the identity to ${file}. Keep a copy elsewhere.`)
}

async function newPassphrase({ askSecret, interactive }: Context): Promise<string> {
  const passphrase = await askSecret('Passphrase for the new identity')
  if (interactive && (await askSecret('The same again')) !== passphrase) {
    throw new UserError('the two passphrases differ')
  }
  return passphrase
}
