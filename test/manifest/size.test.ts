import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeDeltaManifest, writeFullManifest } from '../../src/manifest/chain.ts'
import { entryTypes, inodeNumber } from '../../src/manifest/entry.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { Random } from '../support/random.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { hashOf } from './model.ts'

const files = 20_000
/** What a leaf folder of `upload/<user>/ab/cd` holds in a library of a million files. */
const filesPerFolder = 15

/** Fills a manifest with uploads as Immich names them, each with a content of its own. */
function fill(manifest: Manifest, count: number, sequence: number, random: Random): void {
  const user = random.uuid()
  const leaf = () => `upload/${user}/${random.uuid().slice(0, 2)}/${random.uuid().slice(0, 2)}`
  manifest.transaction(() => {
    const keyId = hashOf(`key ${sequence}`).subarray(0, 16)
    const dataKey = manifest.addDataKey(keyId, { size: 300, sha256: hashOf('wrapped') }, sequence)
    let directory = 0
    for (let i = 0; i < count; i++) {
      if (i % filesPerFolder === 0) directory = manifest.directoryId(leaf(), sequence)
      const sha256 = random.bytes(32)
      const ciphertextSha256 = random.bytes(32)
      const size = random.integer(1_000_000, 8_000_000)
      const content = manifest.addContent({ sha256, size, dataKey, ciphertextSha256 }, sequence)
      const written = random.integer(1_500_000_000, 1_780_000_000) * 1_000_000 + random.integer(0, 999_999)
      const entry = {
        name: `${random.uuid()}.jpg`,
        type: entryTypes.file,
        content,
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        mtime: written - random.integer(0, 1e15),
        ctime: written,
        atime: written + random.integer(0, 1e9),
        birthtime: written - random.integer(0, 1e6),
        inode: random.integer(1, 2 ** 31),
      }
      manifest.putEntry(directory, entry, sequence)
    }
  })
}

test('a manifest has at most 200 bytes a file, and a delta is as large as the change', async () => {
  await using folder = await temporaryFolder()
  const manifest = new Manifest(join(folder.path, 'working.sqlite'))
  const random = new Random(7)
  fill(manifest, files, 1, random)
  const full = join(folder.path, 'full.sqlite')
  writeFullManifest(manifest, full)
  expect(statSync(full).size / files).toBeLessThanOrEqual(200)

  fill(manifest, files / 20, 2, random)
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
