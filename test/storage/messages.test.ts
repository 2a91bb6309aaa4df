/* What a person is told who set a destination up in a way that can't work, where no other test needs it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { driveAuth } from '../../src/storage/drive/credentials.ts'
import { driveError } from '../../src/storage/drive/errors.ts'
import { openLocal } from '../../src/storage/local/local.ts'
import { s3Error } from '../../src/storage/s3/errors.ts'
import { connectError } from '../../src/storage/sftp/errors.ts'
import { asNobody } from '../support/asNobody.ts'
import { failureAmong } from '../support/otherMounts.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

test.each([
  ['no JSON', 'the key of the service account for Drive is no JSON'],
  ['{}', 'the key of the service account for Drive lacks client_email or private_key'],
])('a service account key that is %s is told, and not repeated', (serviceAccount, message) => {
  const options = { type: 'drive', prefix: '', folder: undefined, cacheFolder: undefined } as const
  expect(() => driveAuth({ ...options, credentials: { serviceAccount } }, 1000)).toThrow(message)
})

test('a Drive API that is turned off is told', () => {
  const data = { error: { message: 'not used in project 1', errors: [{ reason: 'accessNotConfigured' }] } }
  expect(driveError({ response: { status: 403, data } }, 'key', 'drive://root')).toMatchObject({
    message: expect.stringContaining('the Drive API is turned off: '),
    hint: expect.stringContaining('Enable it'),
    exitCode: 1,
  })
})

test('missing credentials of a bucket are told', () => {
  const cause = Object.assign(new Error('no providers'), { name: 'CredentialsProviderError' })
  expect(s3Error(cause, { bucket: 'photos', key: 'x' })).toMatchObject({
    message: 'no credentials for bucket photos: no providers',
    exitCode: 1,
  })
})

test.each([
  [new Error('Cannot parse privateKey: bad'), "can't use the private key for u@h: "],
  [Object.assign(new Error('no common cipher'), { level: 'handshake' }), 'u@h and we have no way to talk: '],
  [new Error('Unable to start subsystem: sftp'), 'u@h let us in, but offers no SFTP: '],
])('what an SFTP server does not take is told: %s', (cause, message) => {
  expect(connectError(cause, { where: 'u@h', tooLongMs: undefined })).toMatchObject({
    name: 'UserError',
    message: expect.stringContaining(message),
    exitCode: 1,
  })
})

test('a folder that may not be looked into is told', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'vault'))
  await chmod(folder.path, 0o700)
  await asNobody(async () => {
    await expect(openLocal(join(folder.path, 'vault'))).rejects.toThrow(
      `can't open the folder ${folder.path}/vault`,
    )
  })
})

test('a disk of /etc/fstab that is not mounted is told, with the command that mounts it', async () => {
  await using folder = await temporaryFolder()
  const point = join(folder.path, 'usb')
  await mkdir(join(point, 'vault'), { recursive: true })
  await writeFile(join(folder.path, 'fstab'), `UUID=1 ${point} ext4 nofail 0 2\n`)
  const mounts = `mount --bind ${join(folder.path, 'fstab')} /etc/fstab`
  expect(await failureAmong(mounts, 'storage/local/local.ts', `module.openLocal('${point}/vault')`)).toBe(
    `nothing is mounted at ${point}, where /etc/fstab has a disk for ${point}/vault\n`,
  )
})
