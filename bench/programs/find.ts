import { run } from '../command.ts'
import type { Program } from './program.ts'

/** Not a backup: what merely looking at every file takes. */
export const find: Program = {
  places: ['local'],
  version: async () => (await run({ program: 'find', args: ['--version'] })).split('\n')[0] ?? '',
  setup: "`find -printf '%s %T@'`, which only looks at every file",
  prepare: async ({ library }) => ({
    commands: { 'nothing changed': { program: 'find', args: [library, '-printf', '%s %T@\\n'] } },
  }),
}
