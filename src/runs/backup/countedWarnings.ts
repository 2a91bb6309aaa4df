import type { Changes } from '../../vault/record.ts'

interface Counted extends Pick<Changes, 'unreadable' | 'unstable'> {
  mismatched: number
  missing: number
  skipped: number
}

/** What a run warns of with a number of files: sentences for the record; none where that is 0. */
export function countedWarnings({ unreadable, unstable, mismatched, missing, skipped }: Counted): string[] {
  const counted: [number, string][] = [
    [unreadable, 'could not be read; what was stored of them before is kept in the snapshot'],
    [unstable, 'kept changing while they were read; what was stored of them before is kept in the snapshot'],
    [
      mismatched,
      'do not have the SHA-1 that Immich wrote down: they may have been damaged before the backup',
    ],
    [missing, 'are named by the database and are not there'],
    [skipped, 'are sockets, devices, pipes or other file systems and were skipped'],
  ]
  return counted.filter(([n]) => n > 0).map(([n, text]) => `${n} files ${text}`)
}
