import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareStorage, type PreparedStorage } from '../../src/storage/open.ts'
import { temporaryFolder } from './temporaryFolder.ts'

/** A running rclone and a configuration with two remotes. */
export interface TestRclone extends AsyncDisposable {
  /** Options that open a remote: `disk:path` is a folder of this machine, `bucket:path` an object store in rclone's memory. */
  optionsFor(remote: string): PreparedStorage['options'] & { type: 'rclone' }
  /** Absolute path of the folder that `disk:` leads to. */
  folder: string
  /** Absolute path of rclone's configuration. */
  config: string
}

/**
 * Starts one rclone for as many storages as a test file wants.
 * @param further sections of its configuration, for more remotes.
 */
export async function startTestRclone(further = ''): Promise<TestRclone> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryFolder())
  const folder = join(path, 'disk')
  const config = join(path, 'rclone.conf')
  await writeFile(config, `[disk]\ntype = alias\nremote = ${folder}\n\n[bucket]\ntype = memory\n${further}`)
  const { options } = stack.use(await prepareStorage({ type: 'rclone', remote: 'disk:', config }))
  if (options.type !== 'rclone') throw new Error('other options came back')
  const owned = stack.move()
  return {
    optionsFor: (remote) => ({ ...options, remote }),
    folder,
    config,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}
