import { UserError } from '../shared/errors.ts'

/**
 * Whether an identity was ever a recipient of data keys can't be undone, so a vault is of one mode for ever.
 * @param writeOnly what the configuration says.
 * @throws UserError when the vault is of the other mode.
 */
export function requireSameMode(writeOnly: boolean, vault: { writeOnly: boolean }): void {
  if (writeOnly === vault.writeOnly) return
  throw new UserError(
    vault.writeOnly
      ? 'the vault is in write-only mode, and the configuration is not'
      : 'the configuration asks for write-only mode, and this vault was created without it',
    {
      hint: vault.writeOnly
        ? 'Set `writeOnly: true`, with the recovery recipients of the vault.'
        : "Make a new vault for it with 'safelight init' at another place: this one's identity can open what it holds.",
    },
  )
}
