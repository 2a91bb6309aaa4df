import { InvalidArgumentError, Option } from 'commander'
import type { KnownHead } from '../runs/openSnapshot.ts'
import type { RecordId } from '../vault/record.ts'
import type { OpenedDestination } from './openDestination.ts'

/** `--expect-head 7-0123456789abcdef`: a snapshot that the reader knows of, and that the vault must show. */
export function expectHeadOption(): Option {
  return new Option(
    '--expect-head <snapshot>',
    'refuse the vault unless it shows this snapshot (7-0123456789abcdef)',
  ).argParser(parseHead)
}

/** What this machine and the reader know of the newest snapshots. */
export function knownHeads({ remembered }: OpenedDestination, expected: RecordId | undefined): KnownHead[] {
  const heads: KnownHead[] = []
  if (remembered) heads.push({ head: remembered, rememberedBy: 'the state directory' })
  if (expected) heads.push({ head: expected, rememberedBy: '--expect-head' })
  return heads
}

function parseHead(text: string): RecordId {
  const match = /^0*(\d{1,10})-([0-9a-f]{16})$/.exec(text)
  if (!match?.[1] || !match[2]) {
    throw new InvalidArgumentError("It has the form 7-0123456789abcdef; 'safelight snapshots' lists them.")
  }
  return { sequence: Number(match[1]), runId: match[2] }
}
