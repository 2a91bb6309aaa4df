import { formatTime } from '../../shared/format.ts'

/** What its owner needs to open a vault years from now, on another machine. */
export interface RecoverySheet {
  destination: string
  location: string
  created: string
  vault: { id: string; fingerprint: string }
  writeOnly: boolean
  identity: { recipient: string; reference: string | undefined }
  recovery: readonly string[]
}

const writeOnlyNote = `
  Write-only: files and dumps open with a recovery identity alone, not with the
  identity above.
`

/** The sheet as text, to be printed or copied into a password manager: 80 columns, but for long keys. It holds no secret. */
export function recoverySheet(sheet: RecoverySheet): string {
  const recovery = sheet.recovery.length > 0 ? sheet.recovery.join(`\n${' '.repeat(18)}`) : 'none'
  return `Safelight recovery sheet: print it, or keep it in a password manager.

  Vault           ${sheet.vault.id}
  Fingerprint     ${sheet.vault.fingerprint}
  Lies at         ${sheet.location} (${sheet.destination})
  Created         ${formatTime(new Date(sheet.created))}
  Identity        the one with the public key
                  ${sheet.identity.recipient}
                  kept in ${sheet.identity.reference ?? 'a place that you know'}
                  (write down where its copies are)
  Recovery keys   ${recovery}
${sheet.writeOnly ? writeOnlyNote : ''}
To restore: install Safelight, or follow docs/emergency.md, which needs only
Python and age. Without an identity named here nobody can open the vault, its
makers included.`
}
