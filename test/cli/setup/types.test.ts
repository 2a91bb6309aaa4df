import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createBucket } from '../../support/bucket.ts'
import { newBucket } from '../../support/gcs.ts'
import { s3Server } from '../../support/s3Server.ts'
import { startSshServer } from '../../support/sshServer.ts'
import { startGcsServer } from '../../servers/gcs/server.ts'
import { setupPlace, type SetupPlace } from './place.ts'

interface Written {
  library: string
  database: unknown
  identity: string
  passphrase?: string
  vault: { id: string }
  destinations: Record<string, unknown>[]
}

/** What a set-up with flags alone wrote. */
async function written(
  place: SetupPlace,
  args: string[],
  env: Record<string, string> = {},
): Promise<Written> {
  const { exitCode, stdout, stderr } = await place.setUp(args, env)
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error')])
  expect(stdout).toContain('encrypted, stored, read back, decrypted and compared: all the same')
  return parse(await place.config()) as Written
}

test('local: a folder that is made', async () => {
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const config = await written(place, ['local', '--path', 'mnt/vault', '--name', 'usb'])
  expect(config).toMatchObject({
    library: join(place.path, 'immich-app/library'),
    database: false,
    identity: 'file:identity.txt',
    destinations: [{ name: 'usb', type: 'local', path: join(place.path, 'mnt/vault') }],
  })
  expect(config.vault.id).toMatch(/^[0-9a-f]{32}$/)
  expect((await place.files()).filter((name) => name.includes('uploads/'))).toEqual([])
})

test('s3: credentials by reference', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using place = await setupPlace()
  const where = [
    '--provider',
    'ceph',
    '--endpoint',
    server.endpoint,
    '--bucket',
    bucket.name,
    '--prefix',
    'a/b',
  ]
  await writeFile(join(place.path, 'key'), `${server.secretAccessKey}\n`, { mode: 0o600 })
  const config = await written(
    place,
    ['s3', ...where, '--access-key-id', 'env:KEY_ID', '--secret-access-key', 'file:key'],
    { KEY_ID: server.accessKeyId },
  )
  expect(config.destinations).toEqual([
    {
      name: 'cloud',
      type: 's3',
      provider: 'ceph',
      endpoint: server.endpoint,
      bucket: bucket.name,
      prefix: 'a/b',
      credentials: { accessKeyId: 'env:KEY_ID', secretAccessKey: `file:${join(place.path, 'key')}` },
    },
  ])
})

test('gcs: a key file', async () => {
  await using server = await startGcsServer()
  const bucket = newBucket(server)
  await using place = await setupPlace()
  const args = ['--bucket', bucket.name, '--endpoint', server.url, '--credentials', 'env:GCS_KEY']
  const config = await written(place, ['gcs', ...args, '--storage-class', 'ARCHIVE'], {
    GCS_KEY: server.account.keyFile,
  })
  expect(config.destinations).toMatchObject([
    { name: 'google', type: 'gcs', storageClass: 'ARCHIVE', prefix: 'immich', credentials: 'env:GCS_KEY' },
  ])
})

test('sftp: a pinned host key and a key to log in', async () => {
  await using server = await startSshServer()
  const { options } = await server.folder()
  await using place = await setupPlace()
  const args = [
    '--host',
    options.host,
    '--port',
    `${options.port}`,
    '--user',
    options.user,
    '--path',
    options.path,
  ]
  const config = await written(
    place,
    ['sftp', ...args, '--host-key', options.hostKeys[0] ?? '', '--key', 'env:SSH_KEY'],
    { SSH_KEY: options.privateKey ?? '' },
  )
  expect(config.destinations).toMatchObject([
    { name: 'friend', type: 'sftp', port: options.port, hostKey: options.hostKeys[0], key: 'env:SSH_KEY' },
  ])
  expect(config.destinations[0]).not.toHaveProperty('login')
})

test('rclone: a remote of its configuration', async () => {
  await using place = await setupPlace()
  const file = join(place.path, 'rclone.conf')
  await writeFile(file, `[disk]\ntype = alias\nremote = ${place.path}/remote\n`)
  const config = await written(place, ['rclone', '--rclone-config', 'rclone.conf', '--remote', 'disk:immich'])
  expect(config.destinations).toEqual([
    { name: 'remote', type: 'rclone', config: file, remote: 'disk:immich' },
  ])
})

test('drive: what its flags say is what the configuration would', async () => {
  await using place = await setupPlace()
  const args = ['--folder', '0AbcDefGhiJklUk9PVA', '--service-account', 'env:DRIVE_KEY']
  const { exitCode, stderr } = await place.setUp(['drive', ...args], { DRIVE_KEY: 'no JSON' })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('the key of the service account for Drive is no JSON')
  expect(await place.files()).toEqual([])
})

test.each([
  ['local', [], '--path'],
  ['s3', [], '--bucket'],
  ['s3', ['--provider', 'b2'], '--region'],
  ['s3', ['--provider', 'minio'], '--endpoint'],
  ['s3', ['--provider', 'r2'], '--account-id'],
  ['s3', ['--bucket', 'b'], '--access-key-id'],
  ['s3', ['--bucket', 'b', '--access-key-id', 'env:X'], '--secret-access-key'],
  ['gcs', ['--bucket', 'b'], '--credentials'],
  ['sftp', [], '--host'],
  ['sftp', ['--host', 'h'], '--host-key'],
  ['drive', [], '--folder'],
  ['drive', ['--account', 'oauth'], '--client-id'],
  ['rclone', [], '--remote'],
])('%s %j with --yes fails for want of %s, and writes nothing', async (type, args, flag) => {
  await using place = await setupPlace()
  const { exitCode, stderr } = await place.setUp([type, ...args])
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`error: ${flag} is needed: `)
  expect(await place.files()).toEqual([])
})

test.each([
  ['local', ['--path', 'no/such/folder'], "--path can't be made: there is no folder"],
  ['local', ['--path', 'immich-app/library/vault'], 'lies inside the library'],
  ['s3', ['--provider', 'glacier'], '--provider is one of aws, b2'],
  ['s3', ['--bucket', 'b', '--prefix', '/a'], '--prefix has no slash at its ends'],
  ['s3', ['--bucket', 'b', '--access-key-id', 'AKIA1234'], '--access-key-id takes a reference to the secret'],
  ['sftp', ['--host', 'h', '--port', 'ssh'], '--port is a number'],
  ['sftp', ['--host', 'h', '--host-key', 'md5:1'], '--host-key is neither a fingerprint'],
  ['local', ['--bucket', 'b'], '--bucket is for other types of destination than local'],
  ['s3', ['--account-id', 'a'], '--account-id has no meaning together with the other answers'],
  ['ftp', [], 'there is no type of destination ftp'],
])('%s %j: %s', async (type, args, message) => {
  await using place = await setupPlace()
  const { exitCode, stderr } = await place.setUp([type, ...args])
  expect(exitCode).toBe(1)
  expect(stderr).toContain(message)
  expect(await place.files()).toEqual([])
})
