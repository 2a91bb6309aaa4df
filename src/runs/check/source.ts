import picomatch from 'picomatch'
import type { Config } from '../../config/config.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import { readableFiles } from './readableFiles.ts'
import { requireFolder } from './requireFolder.ts'

/** Whether a further source is there and can be read. */
export async function* checkSource(
  { name, path }: Config['sources'][number],
  ignore: readonly string[],
): AsyncGenerator<Finding> {
  await requireFolder(path, `Mount what holds it, or correct the source ${name} in the configuration.`)
  yield { what: `source ${name}`, ...(await readableFiles([path], picomatch([...ignore], { dot: true }))) }
}
