import type { SnapshotRecord } from '../../vault/record.ts'
import type { DestinationFacts } from './facts.ts'

/** The last good backup: what the vault shows, or what this machine remembers of one that can't be looked at. */
export function lastGoodOf({ vault, remembered }: DestinationFacts): SnapshotRecord | undefined {
  if (vault) return vault.lastGood
  return remembered?.complete ? remembered : undefined
}
