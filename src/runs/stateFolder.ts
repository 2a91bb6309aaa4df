import { join } from 'node:path'
import { readLocalNote } from '../manifest/localNote.ts'
import { headNote, parseHead } from './backup/localHead.ts'
import type { SnapshotRecord } from '../vault/record.ts'

/** The folder in which this machine keeps what it knows of one host of one vault. */
export function hostFolder(state: string, vaultId: string, host: string): string {
  return join(state, vaultId, host)
}

/** This machine's copy of the manifest, in such a folder. */
export function workingCopy(folder: string): string {
  return join(folder, 'manifest.sqlite')
}

/** The newest record that this machine has seen or written there; undefined when it remembers none. */
export function rememberedRecord(folder: string): SnapshotRecord | undefined {
  const note = readLocalNote(workingCopy(folder), headNote)
  return note === undefined ? undefined : parseHead(note).record
}
