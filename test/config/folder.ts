import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Variables } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Need } from '../../src/config/needs.ts'
import { UserError } from '../../src/shared/errors.ts'

/** A temporary folder with these files, to load configurations in. */
export async function folderWith(files: Record<string, string>) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'safelight-config-'))
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  const load = (env: Variables = {}, needs: readonly Need[] = [], file?: string) =>
    loadConfig({ cwd: folder.path, env, needs, file })
  return {
    path: folder.path,
    load,
    /** The lines of what is wrong with the configuration. */
    problems(env: Variables = {}, needs: readonly Need[] = []): string[] {
      try {
        load(env, needs)
      } catch (error) {
        if (error instanceof UserError) return error.message.split('\n').map((line) => line.trim())
        throw error
      }
      return []
    },
    names: async (below: string) => (await readdir(join(folder.path, below))).sort(),
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}
