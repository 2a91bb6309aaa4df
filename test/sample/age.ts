import { chmod, lchown, lutimes, readdir } from 'node:fs/promises'
import { fsPath, pathFromBytes } from '../../src/shared/bytePath.ts'
import type { Random } from '../support/random.ts'

const fileModes = [0o644, 0o644, 0o644, 0o664, 0o640, 0o600, 0o444]
const owners = [0, 0, 0, 1000]
const folderModes = [0o755, 0o755, 0o755, 0o775, 0o750]

/**
 * Gives everything in a fresh tree a past: modes (and owners, where root runs this) that differ, and modification times of years ago with fractions of a
 * second. The root folder itself stays as it is.
 */
export async function ageTree(root: string, random: Random): Promise<void> {
  const entries = await readdir(fsPath(root), { withFileTypes: true, encoding: 'buffer' })
  entries.sort((a, b) => Buffer.compare(a.name, b.name))
  for (const entry of entries) {
    const path = `${root}/${pathFromBytes(entry.name)}`
    // A folder comes after what is in it, which would give it a new time.
    if (entry.isDirectory()) await ageTree(path, random)
    const owner = random.pick(owners)
    if (process.getuid?.() === 0) await lchown(fsPath(path), owner, owner)
    if (!entry.isSymbolicLink()) {
      await chmod(fsPath(path), random.pick(entry.isDirectory() ? folderModes : fileModes))
    }
    const seconds = random.integer(1_400_000_000, 1_780_000_000) + random.next()
    await lutimes(fsPath(path), seconds, seconds)
  }
}
