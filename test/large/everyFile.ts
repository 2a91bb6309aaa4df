import { mkdtempDisposable } from 'node:fs/promises'
import { join } from 'node:path'
import { measure } from '../../bench/command.ts'
import { makePlace, type PlaceType } from '../../bench/places.ts'
import { createVault } from '../../bench/programs/safelight.ts'
import { generateBulk } from '../support/bulk.ts'
import { compareTrees, describeTree, type TreeEntry } from '../support/tree.ts'
import { placeName, type Surroundings } from './surroundings.ts'

const memoryLimit = 300e6
/** Half of the files are stored one by one, half of them in packs. */
const photoBytes = 300_000
const sidecarBytes = 20_000

/** Makes a library of `files` files and one large video. @returns its path. */
export async function makeLibrary(folder: string, files: number, videoBytes: number): Promise<string> {
  const root = join(folder, 'library')
  const photos = Math.ceil(files / 2)
  await generateBulk({ root, files: photos, bytes: photoBytes, seed: 1 })
  await generateBulk({ root, files: files - photos, bytes: sidecarBytes, seed: 2, extension: 'xmp' })
  await generateBulk({ root, files: 1, bytes: videoBytes, seed: 3, extension: 'mp4' })
  return root
}

/** Backs a library up, verifies all of it, restores it, and compares every byte. */
export async function everyFileComesBack(
  library: string,
  type: PlaceType,
  { folder, server, report }: Surroundings,
): Promise<void> {
  const part = `files and a video, ${placeName(type)}`
  await using own = await mkdtempDisposable(join(folder, 'vault-'))
  await using made = await makePlace(type, own.path, server)
  const restored = join(own.path, 'restored')
  const call = await createVault({ library, place: made.place, home: own.path })
  const step = async (name: string, ...args: string[]): Promise<string> => {
    const { usage, stdout } = await measure(call('--json', ...args), own.path)
    report.add(part, name, usage, memoryLimit)
    return stdout
  }

  const before = await describeTree(library)
  await step('backup', 'backup')
  const unchanged = JSON.parse(await step('backup, nothing changed', 'backup')) as {
    changes: { storedContents: number }
  }[]
  report.require(unchanged[0]?.changes.storedContents === 0, `${part}: a second backup stored contents again`)
  await step('verify-restore --all', 'verify-restore', '--all')
  await step('restore', 'restore', '--to', restored)

  const touched = compareTrees(before, await describeTree(library))
  report.require(touched.length === 0, `${part}: the library is not as it was: ${touched[0]}`)
  const differences = compareTrees(belowUpload(before), belowUpload(await describeTree(restored)), {
    ignoring: ['ctime', 'inode'],
    mtimeTolerance: 1000n,
  })
  report.require(differences.length === 0, `${part}: the restored files differ: ${differences[0]}`)
}

/** What the generated library has; a restored media root has more. */
function belowUpload(entries: readonly TreeEntry[]): TreeEntry[] {
  return entries.filter(({ path }) => /^upload(\/|$)/.test(path) && !path.endsWith('/.immich'))
}
