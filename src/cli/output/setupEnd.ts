import { formatBytes } from '../../shared/format.ts'
import type { RoundTrip } from '../../runs/roundTrip.ts'
import type { Style } from './output.ts'
import { recoverySheet, type RecoverySheet } from './recoverySheet.ts'

/** What came of a set-up. It is the document of `setup --json`, too. */
export interface SetupEnd {
  /** Absolute path of the configuration. */
  config: string
  /** Whether the vault was made now. */
  isNew: boolean
  sheet: RecoverySheet
  proof: RoundTrip
  /** Variables that the person has to set. */
  variables: readonly string[]
}

/** What was set up, and what to do next. */
export function setupEnd({ config, isNew, sheet, proof, variables }: SetupEnd, style: Style): string {
  const compared = proof.decrypted ? 'decrypted and compared' : 'compared'
  const lines = [
    isNew
      ? recoverySheet(sheet)
      : `The vault ${sheet.vault.id} at ${sheet.location} is there already, and is yours.`,
    '',
    `${formatBytes(proof.bytes)} were encrypted, stored, read back, ${compared}: all the same.`,
    `The configuration is ${config}.`,
  ]
  if (variables.length > 0) {
    lines.push(`Set these variables wherever Safelight runs: ${variables.join(', ')}`)
  }
  return [
    ...lines,
    '',
    'Next:',
    `  back up now:            ${style('bold', 'safelight backup')}`,
    `  see how it stands:      ${style('bold', 'safelight status')}`,
    `  prove that it restores: ${style('bold', 'safelight verify-restore')}`,
  ].join('\n')
}
