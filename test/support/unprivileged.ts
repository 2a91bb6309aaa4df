import { chownSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { exec } from './exec.ts'

/** An account other than root's, for servers that refuse to run as root. */
export interface Account {
  /** Program and arguments that run `program` under the account. */
  command(program: string, args: readonly string[]): [string, ...string[]]
  /** Makes a file or folder the account's own. */
  own(path: string): void
}

const name = 'safelight-test'

/** The account of whoever runs the tests, or, for root, `safelight-test`, which is made when absent. */
export async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) {
    return { command: (program, args) => [program, ...args], own: () => undefined }
  }
  const { uid, gid } = await ensureAccount()
  return {
    command: (program, args) => ['runuser', '-u', name, '--', program, ...args],
    own: (path) => chownSync(path, uid, gid),
  }
}

/** Several test files do this at the same time, and only one `useradd` holds the lock: the others look again. */
async function ensureAccount(): Promise<{ uid: number; gid: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { uid: Number(await exec('id', ['-u', name])), gid: Number(await exec('id', ['-g', name])) }
    } catch (error) {
      if (attempt === 20) throw error
    }
    try {
      await exec('useradd', [
        '--system',
        '--user-group',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        name,
      ])
    } catch (error) {
      if (attempt === 20) throw error
      await delay(100)
    }
  }
}
