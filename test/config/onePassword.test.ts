import { describe, expect, test } from 'vitest'
import { findDestination } from '../../src/config/destination.ts'
import { describeConfig } from '../../src/config/describe.ts'
import { readFromOnePassword } from '../../src/config/onePassword.ts'
import { isReference } from '../../src/config/secret.ts'
import { storageOptions } from '../../src/config/storageOptions.ts'
import { standInOnePassword } from '../support/onePassword.ts'
import { folderWith } from './folder.ts'

const cloud = `destinations: [{ name: s, type: s3, bucket: b,
  credentials: { accessKeyId: "op://Backup/the cloud/id", secretAccessKey: op://Backup/the cloud/keys/secret } }]`

test.each([
  ['op://vault/item/field', true],
  ['op://vault/item/section/field', true],
  ['op://My vault/the item/one-time password?attribute=otp', true],
  ['op://vault/item', false],
  ['op://vault//field', false],
  ['op:vault/item/field', false],
  ['op://vault/item/field\nmore', false],
  ['xop://vault/item/field', false],
])('%j as a reference: %s', (text, expected) => {
  expect(isReference(text)).toBe(expected)
})

describe('a secret in 1Password', () => {
  test('is read when it is needed, and once', async () => {
    await using op = await standInOnePassword({
      'op://Backup/the cloud/id': 'the id',
      'op://Backup/the cloud/keys/secret': 'shh\n',
    })
    await using folder = await folderWith({ 'safelight.yaml': cloud })
    const config = folder.load(op.env, ['destinations'])
    expect(describeConfig(config)).toContainEqual({
      field: 'destinations[0].credentials.accessKeyId',
      value: '[secret from op://Backup/the cloud/id]',
      from: 'safelight.yaml:2',
    })
    expect(await op.calls()).toEqual([])
    for (let i = 0; i < 2; i++) {
      expect(storageOptions(findDestination(config, 's'), config.limits)).toMatchObject({
        credentials: { accessKeyId: 'the id', secretAccessKey: 'shh' },
      })
    }
    expect(await op.calls()).toEqual([
      'read --no-newline op://Backup/the cloud/id',
      'read --no-newline op://Backup/the cloud/keys/secret',
    ])
  })

  test('is read to the byte, where bytes matter', async () => {
    const key = 'line one\nline two\n\n'
    await using op = await standInOnePassword({ 'op://Backup/identity/file': key })
    await using folder = await folderWith({ 'safelight.yaml': 'identity: op://Backup/identity/file' })
    expect(String(folder.load(op.env).identity?.revealBytes())).toBe(key)
  })

  test('is read with a token from the .env file, too', async () => {
    await using op = await standInOnePassword({ 'op://Backup/identity/file': 'AGE' })
    const { PATH, OP_SERVICE_ACCOUNT_TOKEN } = op.env
    await using folder = await folderWith({
      'safelight.yaml': 'identity: op://Backup/identity/file',
      '.env': `OP_SERVICE_ACCOUNT_TOKEN=${OP_SERVICE_ACCOUNT_TOKEN}`,
    })
    expect(folder.load({ PATH }).identity?.reveal()).toBe('AGE')
  })
})

/** What revealing a secret throws. */
async function failure(reference: string, change: (env: Record<string, string>) => void = () => {}) {
  await using op = await standInOnePassword({ 'op://Backup/empty/field': '' })
  await using folder = await folderWith({ 'safelight.yaml': `identity: ${reference}` })
  const env: Record<string, string> = { ...op.env }
  change(env)
  const { identity } = folder.load(env, ['identity'])
  try {
    identity?.reveal()
  } catch (error) {
    return error
  }
  return undefined
}

describe('what goes wrong is told with its place', () => {
  test.each([
    [
      'op://Backup/nothing/field',
      `1Password does not give op://Backup/nothing/field: could not get item Backup/nothing: "nothing" isn't an item in the "Backup" vault. Specify the item with its UUID, name, or domain.`,
    ],
    ['op://Nowhere/item/field', expect.stringContaining('"Nowhere" isn\'t a vault in this account')],
    ['op://Backup/empty/field', '1Password has nothing at op://Backup/empty/field'],
  ])('%s', async (reference, expected) => {
    const error = (await failure(reference)) as Error
    expect(error.message.startsWith('safelight.yaml:1:11: identity: ')).toBe(true)
    expect(error.message.replace('safelight.yaml:1:11: identity: ', '')).toEqual(expected)
  })

  test('nobody is signed in', async () => {
    const error = await failure('op://Backup/item/field', (env) => delete env['OP_SERVICE_ACCOUNT_TOKEN'])
    expect(error).toMatchObject({
      name: 'UserError',
      message:
        'safelight.yaml:1:11: identity: 1Password is not signed in: error initializing client: account is not signed in',
      hint: expect.stringContaining('OP_SERVICE_ACCOUNT_TOKEN'),
    })
  })

  test('a token that op repeats is not repeated', async () => {
    const token = 'ops_some-other-token'
    const error = await failure('op://Backup/item/field', (env) => (env['OP_SERVICE_ACCOUNT_TOKEN'] = token))
    expect(String(error)).toContain('[OP_SERVICE_ACCOUNT_TOKEN] is no token')
    expect(String(error)).not.toContain(token)
  })

  test('nobody unlocks it', async () => {
    await using op = await standInOnePassword({})
    expect(readFromOnePassword('op://slow/item/field', op.env, 200)).toEqual({
      problem: '1Password gave no answer for 0.2 s',
      hint: 'Its app may wait for somebody to unlock it.',
    })
  })

  test('op is not installed', async () => {
    const error = await failure('op://Backup/item/field', (env) => (env['PATH'] = '/nonexistent'))
    expect(error).toMatchObject({
      message: "safelight.yaml:1:11: identity: 1Password's command-line tool, op, is not installed",
      hint: expect.stringContaining('https://developer.1password.com/docs/cli'),
    })
  })
})
