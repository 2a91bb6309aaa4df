import { lstatSync } from 'node:fs'
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exec } from '../support/exec.ts'
import { compareTrees, describeTree } from '../support/tree.ts'
import { workplace } from './safelight.ts'

const commands: [expectedExit: number, ...args: string[]][] = [
  [0, 'config', 'list'],
  [0, 'backup', '--dry-run'],
  [0, 'backup'],
  [0, 'backup', '--only', 'files'],
  [0, 'status'],
  [0, 'snapshots'],
  [0, 'ls'],
  [0, 'ls', 'library'],
  [0, 'verify-restore', '--all'],
  [0, 'restore', '--to', 'restored'],
  [1, 'restore', '--to', 'data'],
  [1, 'restore', '--to', 'data/library/new'],
]

/** A library whose files were written after they were last read: a read that counts would move their access times. */
async function makeLibrary(root: string): Promise<void> {
  for (const folder of ['library', 'upload', 'profile', 'backups', 'thumbs', 'encoded-video']) {
    await mkdir(join(root, folder, 'deep'), { recursive: true })
    for (const [name, size] of [
      ['small.jpg', 1000],
      ['large.jpg', 300_000],
      // One that is read in pieces.
      ['film.mp4', folder === 'upload' ? 9_000_000 : 300_000],
      ['.immich', 13],
    ] as const) {
      const file = join(root, folder, 'deep', name)
      await writeFile(file, Buffer.alloc(size, `${folder}${name}`), { mode: 0o640 })
      await utimes(file, new Date('2001-01-01'), new Date('2020-02-02'))
    }
  }
  await symlink('deep/small.jpg', join(root, 'library/link'))
}

/** All that tells of a write, and the access times. Nothing is read for it, which would itself be an access. */
async function traces(root: string) {
  const entries = await describeTree(root, { contents: false })
  const files = entries.filter(({ type }) => type === 'file')
  const accessed = files.map(({ path }) => lstatSync(join(root, path), { bigint: true }).atimeNs)
  return { entries, accessed }
}

describe.each(['a writable mount', 'a read-only mount'])('a library on %s', (mount) => {
  test('is the same to the last bit, change time and access time, after every command', async () => {
    await using place = await workplace()
    const original = join(place.path, 'original')
    const library = join(place.path, 'data')
    await makeLibrary(original)
    await mkdir(library)
    await mkdir(join(place.path, 'vault'))
    await exec('mount', ['--bind', original, library])
    try {
      if (mount === 'a read-only mount') await exec('mount', ['-o', 'remount,bind,ro', library])
      await writeFile(
        join(place.path, 'safelight.yaml'),
        `library: data
include: [library, upload, profile, backups, thumbs, encoded-video]
database: false
state: state
identity: file:identity.txt
destinations: [{ name: disk, type: local, path: vault }]
`,
      )
      await place.run(['keys', 'generate', '--out', 'identity.txt'])
      await place.run(['init', '--yes'])
      const before = await traces(original)
      for (const [expectedExit, ...args] of commands) {
        const command = args.join(' ')
        const { exitCode } = await place.run(args)
        const after = await traces(original)
        const differences = compareTrees(before.entries, after.entries)
        expect({ command, exitCode, differences }).toEqual({
          command,
          exitCode: expectedExit,
          differences: [],
        })
        expect({ command, accessed: after.accessed }).toEqual({ command, accessed: before.accessed })
      }
    } finally {
      await exec('umount', [library])
    }
  })
})
