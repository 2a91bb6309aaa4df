import { formatNumberOf } from '../../shared/format.ts'
import type { Changes } from '../../vault/record.ts'

interface Counted extends Pick<Changes, 'unreadable' | 'unstable'> {
  mismatched: number
  missing: number
  skipped: number
}

/** What a run warns of with a number of files: sentences for the record; none where that is 0. */
export function countedWarnings({ unreadable, unstable, mismatched, missing, skipped }: Counted): string[] {
  const counted: [number, string][] = [
    [unreadable, 'could not be read; what was stored before is kept in the snapshot'],
    [unstable, 'kept changing while being read; what was stored before is kept in the snapshot'],
    [mismatched, 'with another SHA-1 than Immich wrote down: perhaps damaged before the backup'],
    [missing, 'named by the database and not there'],
    [skipped, 'skipped: sockets, devices, pipes or other file systems'],
  ]
  return counted.filter(([n]) => n > 0).map(([n, text]) => `${formatNumberOf(n, 'file')} ${text}`)
}
