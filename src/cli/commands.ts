import type { CommandModule } from './context.ts'

interface CommandEntry {
  name: string
  /** One line for the list of commands. */
  summary: string
  load: () => Promise<CommandModule>
}

interface CommandGroup {
  name: string
  summary: string
  commands: readonly CommandEntry[]
}

/** Every command, in the order in which help lists them. */
export const commands: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: 'setup',
    summary: 'set up everything for a destination, by questions',
    load: () => import('./setup.ts'),
  },
  { name: 'init', summary: 'create the vault of a destination', load: () => import('./init.ts') },
  { name: 'backup', summary: 'back up the library and the database', load: () => import('./backup.ts') },
  {
    name: 'status',
    summary: 'say whether all is well: last backups, progress, failures',
    load: () => import('./status.ts'),
  },
  {
    name: 'reset',
    summary: 'forget what this machine remembers of its runs',
    load: () => import('./reset.ts'),
  },
  {
    name: 'snapshots',
    summary: 'list the snapshots that can be restored',
    load: () => import('./snapshots.ts'),
  },
  { name: 'ls', summary: 'list a folder of a snapshot', load: () => import('./ls.ts') },
  { name: 'restore', summary: 'restore a snapshot, or a part of it', load: () => import('./restore.ts') },
  {
    name: 'restore-database',
    summary: 'load the database dump of a snapshot into a database',
    load: () => import('./restoreDatabase.ts'),
  },
  {
    name: 'verify-restore',
    summary: 'prove that a vault restores',
    load: () => import('./verifyRestore.ts'),
  },
  {
    name: 'estimate',
    summary: 'compare what this library would cost, by provider and storage class',
    load: () => import('./estimate.ts'),
  },
  {
    name: 'check',
    summary: 'look whether everything is in place, and say what to do',
    load: () => import('./check.ts'),
  },
  {
    name: 'notify',
    summary: 'tell people how backups are doing',
    commands: [
      {
        name: 'test',
        summary: 'send a test message to every channel',
        load: () => import('./notifyTest.ts'),
      },
    ],
  },
  {
    name: 'config',
    summary: 'write a configuration file, or show what is in effect',
    commands: [
      {
        name: 'init',
        summary: 'write a commented configuration file to begin with',
        load: () => import('./configInit.ts'),
      },
      {
        name: 'list',
        summary: 'show the effective configuration, and where each value came from',
        load: () => import('./configList.ts'),
      },
    ],
  },
  {
    name: 'keys',
    summary: 'make the keys that open a vault',
    commands: [
      {
        name: 'generate',
        summary: 'make a new identity, the one secret of a vault',
        load: () => import('./keysGenerate.ts'),
      },
    ],
  },
]
