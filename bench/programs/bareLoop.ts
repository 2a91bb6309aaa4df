import { fileURLToPath } from 'node:url'
import type { Program } from './program.ts'

const script = fileURLToPath(new URL('../bareLoop.ts', import.meta.url))

/** Not a backup: what the machine itself takes for the bytes. */
export const bareLoop: Program = {
  places: ['local'],
  version: async () => `Node ${process.version}`,
  setup:
    'reads, hashes, encrypts and writes every file with all cores and does nothing else: no flush to the disk, no index',
  prepare: async ({ library, place }) => ({
    commands:
      place.type === 'local'
        ? { 'first backup': { program: process.execPath, args: [script, library, place.path] } }
        : {},
  }),
}
