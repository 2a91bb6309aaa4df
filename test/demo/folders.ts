import { compareTrees, describeTree, type TreeEntry } from '../support/tree.ts'

/** What a backup takes by default; Immich makes the other two folders again by itself. */
const includedFolders = ['library', 'upload', 'profile', 'backups']

/** A restore lays the database dump there. */
const restoredDump = /^backups\/uploaded-immich-db-backup-/

/** All that a backup takes of a media root: contents, metadata, and all. */
export async function describeIncluded(mediaRoot: string): Promise<TreeEntry[]> {
  const all = await describeTree(mediaRoot)
  return all.filter(
    ({ path, type }) =>
      type !== 'other' && includedFolders.includes(path.split('/', 1)[0] ?? '') && !restoredDump.test(path),
  )
}

/** Bytes of all files that a backup takes. */
export async function includedBytes(mediaRoot: string): Promise<number> {
  let bytes = 0
  for (const folder of includedFolders) {
    const entries = await describeTree(`${mediaRoot}/${folder}`, { contents: false })
    bytes += entries.reduce((sum, { size }) => sum + size, 0)
  }
  return bytes
}

/**
 * What a restore did not bring back as it was, one readable line each.
 * @param deferred how many files the backup left for later because they might still be uploading: as many may be missing.
 */
export function compareRestored(
  original: readonly TreeEntry[],
  restored: readonly TreeEntry[],
  deferred: number,
): string[] {
  const root = process.getuid?.() === 0
  const differences = compareTrees(original, restored, {
    // A new file has an inode and a ctime of its own, and only root can give it to somebody else.
    ignoring: ['inode', 'ctime', ...(root ? [] : (['uid', 'gid'] as const))],
    mtimeTolerance: 1000n,
  })
  const present = new Set(restored.map(({ path }) => path))
  const missing = original.filter(({ path, type }) => type === 'file' && !present.has(path)).length
  return missing === deferred ? differences.filter((line) => !line.endsWith(': missing')) : differences
}

/** Notices whatever is written into a folder, even if it is undone: no write leaves a ctime as it was. */
export class Watch {
  readonly differences: string[] = []
  readonly #folder: string
  readonly #growing: boolean
  #entries: TreeEntry[] = []

  /** @param growing whether files may come, as in a vault; none may change or go. */
  constructor(folder: string, { growing = false } = {}) {
    this.#folder = folder
    this.#growing = growing
  }

  /** What was there at the last look. */
  get entries(): readonly TreeEntry[] {
    return this.#entries
  }

  /** Takes what is there now as what has to stay. */
  async start(): Promise<void> {
    this.#entries = await this.#describe()
  }

  /** Looks what changed since the last look. @param command who would have done it. */
  async look(command: string): Promise<void> {
    const now = await this.#describe()
    const differences = compareTrees(this.#entries, now)
    const counted = this.#growing ? differences.filter((line) => !line.endsWith(': new')) : differences
    this.differences.push(...counted.map((difference) => `${command}: ${difference}`))
    this.#entries = now
  }

  /** A folder's own times change with each new file in it. */
  async #describe(): Promise<TreeEntry[]> {
    const entries = await describeTree(this.#folder, { contents: false })
    return this.#growing ? entries.filter(({ type }) => type !== 'directory') : entries
  }
}
