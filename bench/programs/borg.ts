import { run, type Command } from '../command.ts'
import type { Program } from './program.ts'

export const borg: Program = {
  places: ['local'],
  version: async () => (await run({ program: 'borg', args: ['--version'] })).trim(),
  setup: '`repokey` encryption, `--compression none`, else its defaults; it has no S3',
  async prepare({ library, place, home, restoreTo }) {
    if (place.type !== 'local') throw new Error('borg has no S3')
    const env = { BORG_REPO: place.path, BORG_PASSPHRASE: 'bench', BORG_BASE_DIR: home }
    const call = (cwd: string, ...args: string[]): Command => ({ program: 'borg', args, env, cwd })
    await run(call(library, 'init', '--encryption', 'repokey'))
    return {
      commands: {
        'first backup': call(library, 'create', '--compression', 'none', '::first', '.'),
        'nothing changed': call(library, 'create', '--compression', 'none', '::second', '.'),
        restore: call(restoreTo, 'extract', '::first'),
      },
    }
  },
}
