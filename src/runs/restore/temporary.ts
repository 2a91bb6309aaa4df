import { randomBytes } from 'node:crypto'

const prefix = '.safelight-restore-'
const pattern = /^\.safelight-restore-[0-9a-f]{16}-\d+$/

/** Names that nothing else has, for files that are not yet whole. */
export class TemporaryNames {
  readonly #token = randomBytes(8).toString('hex')
  #next = 1

  /** A path for a file that will be renamed to `path`: in the same folder, and short whatever that one's name is. */
  beside(path: string): string {
    return `${path.slice(0, path.lastIndexOf('/') + 1)}${prefix}${this.#token}-${this.#next++}`
  }
}

/** Whether a file was left behind by a restore that did not end. */
export function isTemporaryName(name: string): boolean {
  return pattern.test(name)
}
