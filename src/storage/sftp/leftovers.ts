import { basename } from 'node:path/posix'
import { temporaryFolder } from '../keys.ts'
import type { Leftover, Leftovers } from '../leftovers.ts'
import type { CallOptions } from '../storage.ts'
import type { SftpPlace } from './place.ts'
import { readFolder, removeFile } from './requests.ts'

/** The temporary files. What key they were to become, only whoever wrote them knows. */
export class SftpLeftovers implements Leftovers {
  readonly rule: string
  readonly #place: SftpPlace

  constructor(place: SftpPlace) {
    this.#place = place
    this.rule = `On the server, run every day: find ${place.at(temporaryFolder)} -type f -mtime +7 -delete`
  }

  async *list(options: CallOptions): AsyncGenerator<Leftover, void, undefined> {
    const entries = await this.#place.call(
      options,
      async (channel) => await readFolder(channel, this.#place.at(temporaryFolder), options),
    )
    for (const { filename, attrs } of entries) {
      options.signal?.throwIfAborted()
      if (!attrs.isFile()) continue
      yield { id: filename, key: undefined, time: new Date(attrs.mtime * 1000), size: attrs.size }
    }
  }

  async remove({ id }: Leftover, options: CallOptions): Promise<void> {
    if (id !== basename(id)) throw new Error(`not a temporary file: ${JSON.stringify(id)}`)
    await this.#place.call(
      options,
      async (channel) => await removeFile(channel, this.#place.temporaryPath(id), options),
    )
  }
}
