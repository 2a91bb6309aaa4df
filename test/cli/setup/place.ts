import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { runInProcess } from '../inProcess.ts'
import type { Ended } from '../safelight.ts'

/** A machine with an installation of Immich, without its database, and nothing of ours. */
export interface SetupPlace extends AsyncDisposable {
  path: string
  /** Runs `safelight setup ARGS --yes` with what else no person has to say, without a process of its own. */
  setUp(args: readonly string[], env?: Record<string, string>): Promise<Ended>
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>
  /** The configuration's text. */
  config(): Promise<string>
  /** Everything that is there, but Immich's own files. */
  files(): Promise<string[]>
}

/** Lays an installation of Immich into a folder, with a file in its library. */
export async function layImmich(folder: string, env = ''): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of ['library', 'upload', 'profile', 'backups']) {
    await mkdir(join(folder, 'library', name), { recursive: true })
    await writeFile(join(folder, 'library', name, '.immich'), '')
  }
  await writeFile(join(folder, 'library/library/sea.jpg'), 'not really a photo')
  await writeFile(join(folder, '.env'), `UPLOAD_LOCATION=./library\n${env}`)
}

export async function setupPlace(): Promise<SetupPlace> {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, 'immich-app'))
  await layImmich(join(folder.path, 'immich-app'))
  const run = async (args: readonly string[], env: Record<string, string> = {}) =>
    await runInProcess(args, {
      cwd: folder.path,
      env: { XDG_STATE_HOME: join(folder.path, 'state'), ...env },
    })
  return {
    path: folder.path,
    run,
    setUp: async (args, env) =>
      await run(['setup', ...args, '--yes', '--identity-saved', '--database', 'none'], env),
    config: async () => await readFile(join(folder.path, 'safelight.yaml'), 'utf8'),
    files: async () => {
      const names = await readdir(folder.path, { recursive: true })
      return names.filter((name) => !name.startsWith('immich-app')).sort()
    },
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}
