import type { Manifest } from '../../manifest/manifest.ts'
import { recordSchema } from '../../vault/record.ts'
import type { StoredRecord } from '../../vault/snapshots.ts'

/** Name of the note that {@link parseHead} reads. */
export const headNote = 'head'
const knownNote = 'known'
const useNote = 'used'
/** After a week, a dead run's contents are not counted on any more: prune spares unreferenced objects for two. */
const usableForMs = 7 * 24 * 3600 * 1000

/** The record whose rows the working copy holds, as this machine remembers it. */
export function localHead(manifest: Manifest): StoredRecord | undefined {
  const note = manifest.localNote(headNote)
  return note === undefined ? undefined : parseHead(note)
}

export function parseHead(note: string): StoredRecord {
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

/** Ids, as {@link recordName} gives them, of the records that were listed when the head was committed. */
export function knownRecords(manifest: Manifest): ReadonlySet<string> {
  return new Set(JSON.parse(manifest.localNote(knownNote) ?? '[]') as string[])
}

export function rememberRecords(manifest: Manifest, names: Iterable<string>): void {
  manifest.setLocalNote(knownNote, JSON.stringify([...names]))
}

/** Notes that from now on rows are uncommitted, unless some have been so for longer. */
export function markUse(manifest: Manifest, now: Date): void {
  if (manifest.localNote(useNote) === undefined) manifest.setLocalNote(useNote, now.toISOString())
}

/** Notes for a copy that rows which the original had uncommitted are in it, and since when. */
export function copyUse(original: Manifest, copy: Manifest): void {
  const used = original.localNote(useNote)
  if (used !== undefined) copy.setLocalNote(useNote, used)
}

/** Notes that no row is uncommitted. */
export function markClean(manifest: Manifest): void {
  manifest.removeLocalNote(useNote)
}

/** Whether a run ended without committing all its rows; and whether what they say may still be counted on. */
export function uncommittedRows(manifest: Manifest, now: Date): 'none' | 'usable' | 'outdated' {
  const used = manifest.localNote(useNote)
  if (used === undefined) return 'none'
  return Math.abs(now.getTime() - Date.parse(used)) < usableForMs ? 'usable' : 'outdated'
}
