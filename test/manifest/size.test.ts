import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeDeltaManifest, writeFullManifest } from '../../src/manifest/chain.ts'
import { entryTypes, inodeNumber } from '../../src/manifest/entry.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { Random } from '../support/random.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { fillWithUploads } from './uploads.ts'

const files = 20_000
test('a manifest has at most 200 bytes a file, and a delta is as large as the change', async () => {
  await using folder = await temporaryFolder()
  const manifest = new Manifest(join(folder.path, 'working.sqlite'))
  const random = new Random(7)
  fillWithUploads(manifest, files, 1, random)
  const full = join(folder.path, 'full.sqlite')
  writeFullManifest(manifest, full)
  expect(statSync(full).size / files).toBeLessThanOrEqual(200)

  fillWithUploads(manifest, files / 20, 2, random)
  const delta = join(folder.path, 'delta.sqlite')
  writeDeltaManifest(manifest, delta, 1)
  const empty = join(folder.path, 'empty.sqlite')
  writeDeltaManifest(manifest, empty, 2)
  expect(statSync(delta).size - statSync(empty).size).toBeLessThanOrEqual((200 * files) / 20)
  manifest.close()
})

test('whole numbers of any size that a file system gives come back', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'working.sqlite')
  const manifest = new Manifest(file)
  const inodes = [0n, 1n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 63n + 5n, 2n ** 64n - 1n]
  const numbers = inodes.map((inode) => inodeNumber(Number(inode)))
  for (const [i, inode] of numbers.entries()) {
    const times = { mtime: -i, ctime: 8e15 + i, atime: -8e15, birthtime: 0 }
    const entry = {
      name: String(i),
      type: entryTypes.directory,
      mode: 0,
      uid: 2 ** 32 - 2,
      gid: 0,
      inode,
      ...times,
    }
    manifest.putEntry(0, entry, 1)
  }
  const found = manifest.db.prepare('SELECT inode FROM entry ORDER BY CAST(name AS INTEGER)').pluck().all()
  expect(found).toEqual(numbers)
  manifest.close()
})
