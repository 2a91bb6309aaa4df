import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fuseTypeOf, networkFileSystem } from '../../src/state/networkFileSystem.ts'
import { openState } from '../../src/state/state.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

test('a local folder will do, also one that is not there yet', async () => {
  await using folder = await temporaryFolder()
  expect(networkFileSystem(folder.path)).toBeUndefined()
  expect(networkFileSystem(join(folder.path, 'not/yet/there'))).toBeUndefined()
})

test('so does a file system in memory', async () => {
  await using folder = await temporaryFolder()
  const place = join(folder.path, 'memory')
  mkdirSync(place)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place])
  try {
    expect(networkFileSystem(place)).toBeUndefined()
  } finally {
    execFileSync('umount', [place])
  }
})

test('a folder behind FUSE that reaches over the network is refused, also one in it that is not there yet', async () => {
  await using folder = await temporaryFolder()
  const place = join(folder.path, 'remote')
  mkdirSync(place)
  mkdirSync(join(folder.path, 'source'))
  const config = ['--config', '/dev/null']
  execFileSync('rclone', ['mount', '--daemon', ...config, `:local:${folder.path}/source`, place], {
    stdio: 'ignore',
  })
  try {
    expect(networkFileSystem(join(place, 'not/yet/there'))).toBe('fuse.rclone')
    expect(() => openState(join(place, 'state'), new Date())).toThrow(
      expect.objectContaining({ name: 'UserError', message: expect.stringContaining('fuse.rclone') }),
    )
    expect(readdirSync(place)).toEqual([])
  } finally {
    execFileSync('fusermount3', ['-u', place])
  }
})

const mountinfo = `22 27 0:21 / /proc rw,nosuid shared:5 - proc proc rw
31 27 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
90 31 0:55 / /mnt/my\\040photos rw,relatime shared:50 - fuse.sshfs me@far:/srv rw,user_id=0
91 31 0:56 / /mnt/pool rw,relatime shared:51 - fuse.mergerfs a:b rw
92 31 0:300 / /mnt/many rw,relatime - fuse.rclone far: rw`

test('which FUSE file system it is stands in mountinfo, by the number of its device', () => {
  expect(fuseTypeOf(55, mountinfo)).toBe('fuse.sshfs')
  expect(fuseTypeOf(56, mountinfo)).toBe('fuse.mergerfs')
  expect(fuseTypeOf(2 ** 20 + 44, mountinfo)).toBe('fuse.rclone')
  expect(fuseTypeOf(8 * 256 + 1, mountinfo)).toBe('ext4')
  expect(fuseTypeOf(57, mountinfo)).toBeUndefined()
})
