import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Manifest } from '../../src/manifest/manifest.ts'
import { ScanReader } from '../../src/manifest/scanReader.ts'
import { pathFromBytes } from '../../src/shared/bytePath.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const metadata = { mode: 0o644, uid: 1, gid: 2, mtime: 3, ctime: 4, atime: 5, birthtime: 6, inode: 7 }

test.each([0, 1, 4000, 8001])(
  'a directory of %i names is known to the last, whatever bytes they are',
  async (names) => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'manifest.sqlite')
    const manifest = new Manifest(file)
    const expected = Array.from({ length: names }, (_, i) =>
      i % 2 === 0 ? `file ${i}` : pathFromBytes(Buffer.from([0xff, i >> 8 || 1, i & 0xff || 1, i % 7 || 1])),
    )
    manifest.transaction(() => {
      for (const name of expected) manifest.putEntry(1, { ...metadata, name, type: 1 }, 1)
      for (const name of expected.slice(0, 100)) manifest.putEntry(1, { ...metadata, name, type: 2 }, 2)
      manifest.putEntry(2, { ...metadata, name: 'of another directory', type: 1 }, 1)
    })
    manifest.close()
    const reader = new ScanReader(file)
    const known = reader.entriesOf(1)
    expect([...known.keys()].sort()).toEqual([...new Set(expected)].sort())
    expect([...known.values()].filter(({ type }) => type === 2)).toHaveLength(Math.min(100, names))
    reader.close()
  },
)
