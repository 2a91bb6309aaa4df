import type { Manifest } from '../../manifest/manifest.ts'
import { recordSchema } from '../../vault/record.ts'
import type { StoredRecord } from '../../vault/snapshots.ts'

const headNote = 'head'
const useNote = 'used'
/** After a week, a dead run's contents are not counted on any more: prune spares unreferenced objects for two. */
const usableForMs = 7 * 24 * 3600 * 1000

/** The record whose rows the working copy holds, as this machine remembers it. */
export function localHead(manifest: Manifest): StoredRecord | undefined {
  const note = manifest.localNote(headNote)
  if (note === undefined) return undefined
  const { key, sha256, size, record } = JSON.parse(note) as {
    key: string
    sha256: string
    size: number
    record: unknown
  }
  return { key, size, sha256: Buffer.from(sha256, 'hex'), record: recordSchema.parse(record) }
}

export function rememberHead(manifest: Manifest, { key, sha256, size, record }: StoredRecord): void {
  manifest.setLocalNote(headNote, JSON.stringify({ key, sha256: sha256.toString('hex'), size, record }))
}

/** Notes that a run begins to write rows. */
export function markUse(manifest: Manifest, now: Date): void {
  manifest.setLocalNote(useNote, now.toISOString())
}

/** Notes that a run ended and left no row uncommitted. */
export function markClean(manifest: Manifest): void {
  manifest.removeLocalNote(useNote)
}

/** Whether a run ended without committing all its rows; and whether what they say may still be counted on. */
export function uncommittedRows(manifest: Manifest, now: Date): 'none' | 'usable' | 'outdated' {
  const used = manifest.localNote(useNote)
  if (used === undefined) return 'none'
  return Math.abs(now.getTime() - Date.parse(used)) < usableForMs ? 'usable' : 'outdated'
}
