import { entryTypes } from '../../src/manifest/entry.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import type { Random } from '../support/random.ts'
import { hashOf } from './model.ts'

/** What a leaf folder of `upload/<user>/ab/cd` holds in a library of a million files. */
const filesPerFolder = 15

/** Fills a manifest with uploads as Immich names them, each with a content of its own. */
export function fillWithUploads(manifest: Manifest, count: number, sequence: number, random: Random): void {
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
