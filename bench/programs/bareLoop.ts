import { fileURLToPath } from 'node:url'
import type { Command } from '../command.ts'
import type { Program } from './program.ts'

const script = fileURLToPath(new URL('../bareLoop.ts', import.meta.url))

/** Not a backup: what the machine itself takes for the bytes. */
export const bareLoop: Program = {
  places: ['local'],
  version: async () => `Node ${process.version}`,
  setup:
    'reads, hashes, encrypts and writes every file with all cores, or decrypts and hashes them on the way back, and does nothing else: no flush to the disk, no index, no second hash',
  prepare: async ({ library, place, restoreTo }) => {
    const loop = (...folders: string[]): Command => ({
      program: process.execPath,
      args: [script, library, ...folders],
    })
    return place.type === 'local'
      ? {
          commands: {
            'first backup': loop(place.path),
            restore: loop(place.path, restoreTo),
          },
        }
      : { commands: {} }
  },
}
