import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Manifest } from '../manifest/manifest.ts'
import { localHead } from './backup/localHead.ts'
import type { SnapshotRecord } from '../vault/record.ts'

/** The folder in which this machine keeps what it knows of one host of one vault. */
export function hostFolder(state: string, vaultId: string, host: string): string {
  return join(state, vaultId, host)
}

/** The newest record that this machine has seen or written there; undefined when it remembers none. */
export function rememberedRecord(folder: string): SnapshotRecord | undefined {
  const file = join(folder, 'manifest.sqlite')
  if (!existsSync(file)) return undefined
  const manifest = new Manifest(file)
  try {
    return localHead(manifest)?.record
  } finally {
    manifest.close()
  }
}
