import type { Config } from '../config/config.ts'
import {
  type Identity,
  isPassphraseProtected,
  openProtectedIdentity,
  parseIdentity,
} from '../crypto/identity.ts'
import { UserError } from '../shared/errors.ts'
import type { Context } from './context.ts'

/**
 * The identity that the configuration names, its passphrase taken from the configuration or asked for.
 * @throws UserError when there is none, or it does not open; exit code 12 for a wrong passphrase.
 */
export async function openIdentity(config: Config, context: Context): Promise<Identity> {
  if (!config.identity) {
    throw new UserError('no identity is configured', {
      hint: 'Make one with: safelight keys generate --out FILE. Then set `identity: file:FILE` in the configuration.',
    })
  }
  const bytes = config.identity.revealBytes()
  const source = config.identity.reference
  if (!isPassphraseProtected(bytes)) return await parseIdentity(bytes.toString('utf8'), source)
  const passphrase = config.passphrase?.reveal() ?? (await askPassphrase(source, context))
  return await openProtectedIdentity(bytes, passphrase, source)
}

async function askPassphrase(source: string, { askSecret, interactive }: Context): Promise<string> {
  if (interactive) return await askSecret(`Passphrase of ${source}`)
  throw new UserError(`${source} is protected with a passphrase, and nobody is here to be asked`, {
    hint: 'Set `passphrase: file:FILE` in the configuration, or run the command at a terminal.',
  })
}
