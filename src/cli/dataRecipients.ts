import type { Config } from '../config/config.ts'
import { isPostQuantum } from '../config/recipient.ts'
import { UserError } from '../shared/errors.ts'

/**
 * Who can open the data keys of a backup: the identity itself and the recovery recipients; in write-only mode those
 * alone. They come from the configuration and never from the vault.
 * @throws UserError when only some of them withstand quantum computers: the weakest one would decide.
 */
export function dataRecipients(config: Config, identity: { recipient: string }): string[] {
  const recipients = config.writeOnly
    ? config.recovery
    : [...new Set([identity.recipient, ...config.recovery])]
  const strong = recipients.filter(isPostQuantum).length
  if (strong === 0 || strong === recipients.length) return [...recipients]
  throw new UserError('only some of the identity and the recovery recipients are post-quantum', {
    hint: "Make all of them with 'safelight keys generate --post-quantum', or none.",
  })
}
