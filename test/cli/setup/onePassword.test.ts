import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createBucket } from '../../support/bucket.ts'
import { onePasswordAccount, type OnePasswordAccount } from '../../support/onePasswordItems.ts'
import { s3Server } from '../../support/s3Server.ts'
import { setupPlace, type SetupPlace } from './place.ts'
import { controlC, enter, typeInto } from './typist.ts'

const state = (place: SetupPlace) => ({ XDG_STATE_HOME: join(place.path, 'state') })

const at = (field: string) => `op://Backup/Immich Backup B2/${field}`

/** What the account has of an item now. */
function valuesIn(account: OnePasswordAccount, title: string): Record<string, string | undefined> {
  const fields = account.items().find((item) => item.title === title)?.fields ?? []
  return Object.fromEntries(fields.map(({ label, value }) => [label, value]))
}

test('the item of an earlier program is found, and everything taken from it', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using account = await onePasswordAccount({
    'Immich Backup B2': {
      application_key_id: server.accessKeyId,
      application_key: server.secretAccessKey,
      bucket_name: bucket.name,
      encryption_password: 'correct horse battery staple',
      note: 'mine',
    },
  })
  await using place = await setupPlace()
  const args = ['s3', '--provider', 'ceph', '--endpoint', server.endpoint, '--secrets', '1password']
  const { exitCode, stdout, stderr } = await place.setUp(args, account.env)
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringContaining('Found Immich Backup B2 in the vault Backup'),
  ])

  const config = parse(await place.config()) as {
    destinations: unknown[]
    passphrase: string
    identity: string
  }
  expect(config).toMatchObject({
    identity: 'file:identity.age',
    passphrase: at('encryption_password'),
    destinations: [
      {
        bucket: bucket.name,
        credentials: { accessKeyId: at('application_key_id'), secretAccessKey: at('application_key') },
      },
    ],
  })
  const values = valuesIn(account, 'Immich Backup B2')
  expect(values['identity']).toMatch(/^AGE-SECRET-KEY-1/)
  expect(values).toMatchObject({ note: 'mine', bucket_name: bucket.name })

  const seen = [stdout, stderr, await account.calls(), await place.config()].join('\n')
  const identity = await readFile(join(place.path, 'identity.age'), 'utf8')
  expect(identity).toContain('BEGIN AGE ENCRYPTED FILE')
  for (const secret of [server.secretAccessKey, 'correct horse', values['identity'] ?? '']) {
    expect(seen + identity).not.toContain(secret)
  }
  const opened = await place.run(['snapshots', '--json'], account.env)
  expect([opened.exitCode, opened.stderr]).toEqual([0, expect.anything()])
})

test('a new item has all fields, and is waited for until they are filled in', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using account = await onePasswordAccount({}, ['Backup', 'Private'])
  await using place = await setupPlace()
  const fill = (values: Record<string, string>) => () => {
    account.change(({ items }) => {
      for (const field of items[0]?.fields ?? []) field.value = values[field.label] ?? field.value ?? ''
    })
    return 'y'
  }
  const { exitCode, stderr } = await typeInto(
    [
      'setup',
      's3',
      '--provider',
      'ceph',
      '--endpoint',
      server.endpoint,
      '--prefix',
      '',
      '--database',
      'none',
    ],
    {
      cwd: place.path,
      env: { ...state(place), ...account.env },
      steps: [
        ['called?', enter],
        ["Immich's library?", enter],
        ['secrets be kept?', `\u001b[B${enter}`],
        ['In which vault of 1Password', `\u001b[B${enter}`],
        ['Fill in bucket_name, application_key_id, application_key', ''],
        ['Is it filled in?', fill({ bucket_name: bucket.name, application_key_id: server.accessKeyId })],
        ['Fill in application_key,', ''],
        ['Is it filled in?', fill({ application_key: server.secretAccessKey })],
        ['passphrase protect', enter],
        ['set up so?', enter],
      ],
    },
  )
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('kept away from')])
  const [item] = account.items()
  expect(item).toMatchObject({ title: 'Safelight cloud', vault: { name: 'Private' } })
  expect(parse(await place.config())).toMatchObject({
    identity: 'op://Private/Safelight cloud/identity',
    destinations: [{ credentials: { secretAccessKey: 'op://Private/Safelight cloud/application_key' } }],
  })
  expect(await place.files()).not.toContain('identity.txt')
})

test('giving up takes a new item out of sight', async () => {
  await using account = await onePasswordAccount()
  await using place = await setupPlace()
  await mkdir(join(place.path, 'mnt'))
  const { exitCode } = await typeInto(
    ['setup', 'local', '--path', 'mnt/vault', '--database', 'none', '--secrets', '1password'],
    {
      cwd: place.path,
      env: { ...state(place), ...account.env },
      steps: [
        ['called?', enter],
        ["Immich's library?", enter],
        ['passphrase protect', enter],
        ['Made Safelight disk in 1Password', ''],
        ['set up so?', controlC],
      ],
    },
  )
  expect(exitCode).toBe(130)
  expect(account.items()).toEqual([])
  expect(await place.files()).toEqual(['mnt'])
})

test.each([
  [[], (store: { signedIn: boolean }) => (store.signedIn = false), '1Password is not signed in', 'op signin'],
  [['--op-vault', 'Nowhere'], undefined, '--op-vault: 1Password shows no vault Nowhere', 'It shows Backup.'],
  [[], (store: { vaults: unknown[] }) => (store.vaults = []), '1Password shows no vault that an item', ''],
] as const)('what keeps 1Password from it is told: %j', async (args, change, message, hint) => {
  await using account = await onePasswordAccount()
  await using place = await setupPlace()
  if (change) account.change(change)
  const { exitCode, stderr } = await place.setUp(
    ['local', '--path', 'vault', '--secrets', '1password', ...args],
    account.env,
  )
  expect(exitCode).toBe(1)
  expect(stderr).toContain(message)
  expect(stderr).toContain(hint)
  expect(await place.files()).toEqual([])
})

test('two items of one title are not guessed between', async () => {
  await using account = await onePasswordAccount({ mine: { identity: '' } })
  account.change(({ items }) => items.push(...items.map((item) => ({ ...item, id: 'another' }))))
  await using place = await setupPlace()
  const args = ['local', '--path', 'vault', '--secrets', '1password', '--op-item', 'mine']
  const { exitCode, stderr } = await place.setUp(args, account.env)
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('1Password has several items called mine')])
})

test('without op there is no 1Password', async () => {
  await using place = await setupPlace()
  const { exitCode, stderr } = await place.setUp(['local', '--path', 'vault', '--secrets', '1password'], {
    PATH: '/nowhere',
  })
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('op, is not installed')])
})
