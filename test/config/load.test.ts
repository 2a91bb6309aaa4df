import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { databaseSettings } from '../../src/config/database.ts'
import { findDestination } from '../../src/config/destination.ts'
import { storageOptions } from '../../src/config/storageOptions.ts'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { folderWith } from './folder.ts'

test('a file with nothing in it gives the defaults', async () => {
  await using folder = await folderWith({ 'safelight.yaml': '' })
  expect(folder.load({ XDG_STATE_HOME: '/state' })).toMatchObject({
    file: join(folder.path, 'safelight.yaml'),
    host: 'main',
    library: undefined,
    include: ['library', 'upload', 'profile', 'backups'],
    sources: [],
    oneFileSystem: false,
    compare: ['size', 'mtime', 'ctime', 'inode'],
    state: '/state/safelight',
    writeOnly: false,
    destinations: [],
  })
})

test('the configuration is frozen to its last leaf', async () => {
  await using folder = await folderWith({
    'safelight.yaml': 'destinations: [{ name: disk, type: local, path: vault }]',
  })
  const config = folder.load()
  expect(() => config.include.push('thumbs')).toThrow(TypeError)
  expect(() => Object.assign(config.destinations[0] ?? {}, { path: '/' })).toThrow(TypeError)
})

test('--config comes before SAFELIGHT_CONFIG, and that before ./safelight.yaml', async () => {
  await using folder = await folderWith({
    'safelight.yaml': 'host: usual',
    'variable/own.yaml': 'host: variable',
    'option.yaml': 'host: option',
  })
  const env = { SAFELIGHT_CONFIG: 'variable/own.yaml' }
  expect(folder.load().host).toBe('usual')
  expect(folder.load(env).host).toBe('variable')
  expect(folder.load(env, [], 'option.yaml').host).toBe('option')
})

test('a file that is named and not there is an error, also with a usable ./safelight.yaml', async () => {
  await using folder = await folderWith({ 'safelight.yaml': '' })
  expect(() => folder.load({ SAFELIGHT_CONFIG: 'other.yaml' })).toThrow(
    'there is no configuration file other.yaml',
  )
})

test('relative paths begin at the folder of the file, those in variables at the working directory', async () => {
  await using folder = await folderWith({
    'etc/safelight.yaml': 'state: state\ndestinations: [{ name: disk, type: local, path: ../vault }]',
  })
  const config = folder.load({ SAFELIGHT_CONFIG: 'etc/safelight.yaml', IMMICH_MEDIA_LOCATION: 'media' })
  expect(config.state).toBe(join(folder.path, 'etc/state'))
  expect(config.library).toBe(join(folder.path, 'media'))
  expect(config.destinations[0]).toMatchObject({ path: join(folder.path, 'vault') })
})

test('the library comes from the file, else from our own variable, else from that of Immich', async () => {
  await using folder = await folderWith({ 'safelight.yaml': '', 'full.yaml': 'library: /file' })
  const env = { BACKUP_IMMICH_PATH: '/ours', IMMICH_MEDIA_LOCATION: '/immich' }
  expect(folder.load(env, [], 'full.yaml').library).toBe('/file')
  expect(folder.load(env).library).toBe('/ours')
  expect(folder.load({ ...env, BACKUP_IMMICH_PATH: '' }).library).toBe('/immich')
})

test("a library and a database need no file when Immich's own variables are there", async () => {
  await using folder = await folderWith({ 'media/library/.immich': '' })
  const env = { IMMICH_MEDIA_LOCATION: 'media', DB_HOSTNAME: 'postgres', DB_PASSWORD: 'hush' }
  const config = folder.load(env, ['library', 'database'])
  expect(config.file).toBeUndefined()
  expect(config.database && databaseSettings(config.database)).toMatchObject({
    host: 'postgres',
    password: 'hush',
  })
})

test('without any file, what is missing is told, and how to begin', async () => {
  await using folder = await folderWith({})
  expect(() => folder.load({}, ['library', 'destinations'])).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('library: is missing'),
      hint: expect.stringContaining('safelight config init'),
    }),
  )
})

test('the .env file beside the configuration counts, and the real environment wins', async () => {
  await using folder = await folderWith({
    'etc/safelight.yaml': 'database: { url: env:URL }\nidentity: env:IDENTITY',
    'etc/.env': 'URL="postgres://file@h/db"\nIDENTITY=from-file\n',
    '.env': 'URL=never-read\n',
  })
  const config = folder.load({ IDENTITY: 'from-environment' }, [], 'etc/safelight.yaml')
  expect(config.database && databaseSettings(config.database).user).toBe('file')
  expect(config.identity?.reveal()).toBe('from-environment')
})

test('database: false means none, and saying nothing at all does not', async () => {
  await using folder = await folderWith({ 'safelight.yaml': '', 'none.yaml': 'database: false' })
  expect(folder.load({}, ['database'], 'none.yaml').database).toBe(false)
  expect(folder.problems({}, ['database'])).toContainEqual(
    expect.stringContaining('safelight.yaml: database: is missing'),
  )
})

test('NAME_FILE wins over NAME, as in Immich', async () => {
  await using folder = await folderWith({
    'safelight.yaml': 'database: { ca: file:ca.pem }',
    'ca.pem': 'PEM',
    pw: 'a\n',
  })
  const env = { DB_USERNAME: 'immich', DB_PASSWORD: 'b', DB_PASSWORD_FILE: 'pw', DB_SSL_MODE: 'verify-full' }
  const config = folder.load(env, ['database'])
  expect(config.database && databaseSettings(config.database)).toMatchObject({
    user: 'immich',
    password: 'a',
    tls: { mode: 'verify-full', ca: 'PEM' },
  })
})

test('an S3 destination becomes storage options, with the credentials revealed', async () => {
  await using folder = await folderWith({
    'safelight.yaml': `destinations:
  - { name: disk, type: local, path: /mnt/vault }
  - { name: cloud, type: s3, bucket: photos, prefix: immich, endpoint: "http://localhost:1", forcePathStyle: true,
      storageClass: GLACIER_IR, credentials: { accessKeyId: env:A, secretAccessKey: file:secret } }`,
    secret: 'shh\n',
  })
  const config = folder.load({ A: 'id' }, ['destinations'])
  expect(storageOptions(findDestination(config, 'disk'), config.limits)).toEqual({
    type: 'local',
    path: '/mnt/vault',
  })
  expect(storageOptions(findDestination(config, 'cloud'), config.limits)).toEqual({
    type: 's3',
    provider: 'aws',
    bucket: 'photos',
    prefix: 'immich',
    endpoint: 'http://localhost:1',
    forcePathStyle: true,
    storageClass: 'GLACIER_IR',
    credentials: { accessKeyId: 'id', secretAccessKey: 'shh' },
  })
})

test('a destination need not be named where there is one only', async () => {
  const disk = '{ name: disk, type: local, path: /a }'
  await using folder = await folderWith({
    'safelight.yaml': '',
    'one.yaml': `destinations: [${disk}]`,
    'two.yaml': `destinations: [${disk}, { name: usb, type: local, path: /b }]`,
  })
  expect(() => findDestination(folder.load(), undefined)).toThrow('no destination is configured')
  expect(findDestination(folder.load({}, [], 'one.yaml'), undefined).name).toBe('disk')
  expect(() => findDestination(folder.load({}, [], 'one.yaml'), 'usb')).toThrow('there is no destination usb')
  expect(() => findDestination(folder.load({}, [], 'two.yaml'), undefined)).toThrow('several destinations')
})

test('the vault at the top of the file is that of the first destination', async () => {
  const [first, second] = ['a'.repeat(32), 'b'.repeat(32)]
  await using folder = await folderWith({
    'safelight.yaml': `vault: { id: ${first}, fingerprint: ${first} }
destinations:
  - { name: disk, type: local, path: /a }
  - { name: usb, type: local, path: /b, vault: { id: ${second}, fingerprint: ${second} } }`,
  })
  expect(folder.load().destinations.map(({ vault }) => vault?.id)).toEqual([first, second])
})

test('no secret shows, however the configuration is printed', async () => {
  await using folder = await folderWith({
    'safelight.yaml': `identity: env:KEY
database: { url: env:URL }
destinations: [{ name: s, type: s3, bucket: b, credentials: { accessKeyId: env:KEY, secretAccessKey: env:KEY } }]`,
  })
  const config = folder.load({ KEY: 'hunter2', URL: 'postgres://u:hunter2@h/db' })
  const printed = [
    inspect(config, { depth: null, showHidden: true }),
    JSON.stringify(config),
    String(config.identity),
  ].join('\n')
  expect(printed).toContain('[secret from env:KEY]')
  expect(printed).not.toContain('hunter2')
})

test('a secret that leads nowhere matters only to a command that needs it', async () => {
  await using folder = await folderWith({ 'safelight.yaml': 'identity: env:KEY' })
  const config = folder.load()
  expect(() => config.identity?.reveal()).toThrow(
    'safelight.yaml:1:11: identity: environment variable KEY is not set',
  )
  expect(folder.problems({}, ['identity'])).toContain(
    'safelight.yaml:1:11: identity: environment variable KEY is not set',
  )
})

test.each([
  ['state: media/state', 'state'],
  ['destinations: [{ name: disk, type: local, path: media/vault/new }]', 'destinations[0].path'],
  ['destinations: [{ name: disk, type: local, path: link/vault }]', 'destinations[0].path'],
  ['destinations: [{ name: disk, type: local, path: media }]', 'destinations[0].path'],
])('nothing may be written into the library: %s', async (line, field) => {
  await using folder = await folderWith({ 'safelight.yaml': `library: media\n${line}` })
  await mkdir(join(folder.path, 'media'))
  await symlink('media', join(folder.path, 'link'))
  expect(folder.problems({ XDG_STATE_HOME: '/state' })).toContainEqual(
    expect.stringContaining(`${field}: lies inside the library`),
  )
})

test('a vault beside the library is fine, even with a name that begins alike', async () => {
  await using folder = await folderWith({
    'safelight.yaml':
      'library: media\nstate: ..state\ndestinations: [{ name: disk, type: local, path: media-vault }]',
  })
  expect(folder.problems()).toEqual([])
})

test('recovery recipients are all post-quantum or none', async () => {
  const recipients = await Promise.all(
    [true, true, false].map(async (postQuantum) => (await generateIdentity({ postQuantum })).recipient),
  )
  await using folder = await folderWith({
    'safelight.yaml': `recovery: [${recipients.join(', ')}]`,
    'quantum.yaml': `recovery: [${recipients.slice(0, 2).join(', ')}]\nwriteOnly: true`,
  })
  expect(folder.problems()).toContainEqual(expect.stringContaining('recovery: mixes recipients'))
  expect(folder.load({}, [], 'quantum.yaml').recovery).toHaveLength(2)
})
