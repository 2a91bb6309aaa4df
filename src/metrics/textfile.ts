import { readIfThere, writeWhole } from '../shared/files.ts'
import { exposition, parseExposition } from './exposition.ts'
import type { Measured } from './metrics.ts'

/**
 * Brings a file for node_exporter's textfile collector up to date, in one step. What this run did not measure stays: the
 * other destinations, and the last success of one that failed.
 * @throws a system error when the file can't be written.
 */
export async function writeTextfile(path: string, measured: readonly Measured[]): Promise<void> {
  const before = parseExposition((await readIfThere(path)) ?? '')
  // Readable by all: node_exporter is somebody else.
  await writeWhole(path, await exposition([...before, ...measured]), 0o644)
}
