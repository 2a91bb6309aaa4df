/* What the demo holds against the original, and how it says so. */
import { formatBytes, formatNumberOf } from '../../src/shared/format.ts'
import type { TreeEntry } from '../support/tree.ts'
import { compareDatabases, countRows, type DatabaseDescription } from './databases.ts'
import type { Watch } from './folders.ts'

/** Something that the demo claims. */
export interface Check {
  name: string
  /** What was found where all is well. */
  outcome: string
  /** What is not as it should be, one line each; empty where all is well. */
  differences: readonly string[]
}

export function libraryCheck(watches: readonly Watch[], commands: number): Check {
  const paths = watches.reduce((sum, { entries }) => sum + entries.length, 0)
  return {
    name: 'library',
    outcome: `untouched by ${commands} commands: ${formatNumberOf(paths, 'path')}, to the ctime`,
    differences: watches.flatMap(({ differences }) => differences),
  }
}

export function vaultCheck({ entries, differences }: Watch): Check {
  return {
    name: 'vault',
    outcome: `only ever added to: ${formatNumberOf(entries.length, 'object')}, ${formatBytes(sizeOf(entries))}`,
    differences,
  }
}

export function filesCheck(restored: readonly TreeEntry[], differences: readonly string[]): Check {
  return {
    name: 'restored files',
    outcome: `${formatNumberOf(restored.length, 'path')}, ${formatBytes(sizeOf(restored))}, the same to the byte`,
    differences,
  }
}

export function databaseCheck(original: DatabaseDescription, restored: DatabaseDescription): Check {
  return {
    name: 'restored database',
    outcome: `${formatNumberOf(restored.tables.size, 'table')}, ${formatNumberOf(countRows(restored), 'row')}: the same contents and structure`,
    differences: compareDatabases(original, restored),
  }
}

function sizeOf(entries: readonly TreeEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}
