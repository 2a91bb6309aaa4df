import { formatBytes, formatNumberOf } from '../../shared/format.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Swept } from '../../storage/sweep.ts'

/** What a sweep came to, among the findings. */
export function sweptFinding({ removed, bytes, kept, refused }: Swept, { leftovers }: Storage): Finding {
  const size = bytes > 0 ? `, ${formatBytes(bytes)}` : ''
  const young = kept > 0 ? `; ${kept} are not a week old, and stay` : ''
  const detail = `${formatNumberOf(removed, 'leftover')} removed${size}${young}`
  if (!refused) return { what: 'sweep', result: 'good', detail }
  return {
    what: 'sweep',
    result: 'weak',
    detail: `${detail}; these credentials may not remove the others`,
    remedy: leftovers?.rule ?? 'Sweep with credentials that may delete.',
  }
}
