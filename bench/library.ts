import { join } from 'node:path'
import { generateBulk } from '../test/support/bulk.ts'

/** A generated library, and what to call it. */
export interface BenchLibrary {
  path: string
  name: string
  files: number
  bytes: number
}

/** Photos of one size. */
export async function photoLibrary(folder: string, files: number, bytes: number): Promise<BenchLibrary> {
  const path = join(folder, 'library')
  await generateBulk({ root: path, files, bytes })
  return { path, name: `${count(files)} photos of ${bytes / 1e6} MB`, files, bytes: files * bytes }
}

/** Of a hundred files: how many have which size. Photos, their sidecars, a few videos. */
const mixture = [
  { percent: 20, bytes: 1_200_000, extension: 'heic' },
  { percent: 30, bytes: 3_000_000, extension: 'jpg' },
  { percent: 12, bytes: 6_500_000, extension: 'jpg' },
  { percent: 33, bytes: 2_500, extension: 'xmp' },
  { percent: 4, bytes: 25_000_000, extension: 'mov' },
  { percent: 1, bytes: 120_000_000, extension: 'mp4' },
]

/** Photos, sidecars and videos, mixed as they are in a library. */
export async function mixedLibrary(folder: string, files: number): Promise<BenchLibrary> {
  const path = join(folder, 'library')
  const library = { path, name: '', files: 0, bytes: 0 }
  for (const [i, { percent, bytes, extension }] of mixture.entries()) {
    const share = Math.max(1, Math.round((files * percent) / 100))
    await generateBulk({ root: path, files: share, bytes, extension, seed: i + 1 })
    library.files += share
    library.bytes += share * bytes
  }
  library.name = `${count(library.files)} photos, sidecars and videos, ${(library.bytes / 1e9).toFixed(1)} GB`
  return library
}

/** Very many very small files. */
export async function tinyLibrary(folder: string, files: number): Promise<BenchLibrary> {
  const path = join(folder, 'tiny')
  const bytes = 100
  await generateBulk({ root: path, files, bytes })
  return { path, name: `${count(files)} files of ${bytes} bytes`, files, bytes: files * bytes }
}

function count(number: number): string {
  return number.toLocaleString('en')
}
