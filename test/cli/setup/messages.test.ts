/* What keeps a set-up from going on, where no other test needs it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exec } from '../../support/exec.ts'
import { layImmich, setupPlace } from './place.ts'

test('a destination that can not be used is told with the finding, and nothing is written', async () => {
  await using place = await setupPlace()
  const disk = join(place.path, 'disk')
  await mkdir(disk)
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=1M,ro', 'tmpfs', disk])
  try {
    const { exitCode, stderr } = await place.setUp(['local', '--path', 'disk'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain("the destination can't be used so: free space: ")
    expect(await place.files()).toEqual(['disk'])
  } finally {
    await exec('umount', [disk])
  }
})

test('an identity that is there already is not taken without a word', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'vault'))
  await writeFile(join(place.path, 'identity.txt'), 'whatever')
  const { exitCode, stderr } = await place.setUp(['local', '--path', 'vault'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('identity.txt is there already')
  expect(stderr).toContain('--identity file:identity.txt')
})

test('a database that is not reached there is told with why, and what to give', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'vault'))
  await layImmich(join(place.path, 'immich-app'), 'DB_PASSWORD=x\nDB_USERNAME=postgres\n')
  const args = ['setup', 'local', '--path', 'vault', '--yes', '--identity-saved', '--database', '127.0.0.1:1']
  const { exitCode, stderr } = await place.run(args)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('error: --database is needed: ')
  expect(stderr).toContain('ECONNREFUSED')
})
