import { describe, expect, test } from 'vitest'
import { storageOptions } from '../../src/config/storageOptions.ts'
import { folderWith } from './folder.ts'

const shared = `destinations:
  - { name: d, type: drive, folder: 0AbcDefGhiJklUk9PVA, prefix: immich, serviceAccount: file:key.json }
`
const own = `destinations:
  - name: d
    type: drive
    prefix: backups/immich
    oauth: { clientId: env:ID, clientSecret: env:SECRET, refreshToken: file:token }
`

describe('a destination of type drive', () => {
  test('is a shared drive, and a service account that may add to it', async () => {
    await using folder = await folderWith({ 'safelight.yaml': shared, 'key.json': '{"a":1}\n' })
    const [destination] = folder.load({}).destinations
    expect(destination && storageOptions(destination, undefined, '/state')).toEqual({
      type: 'drive',
      folder: '0AbcDefGhiJklUk9PVA',
      prefix: 'immich',
      credentials: { serviceAccount: '{"a":1}' },
      cacheFolder: '/state',
    })
  })

  test('is a folder in My Drive of a user who agreed', async () => {
    await using folder = await folderWith({ 'safelight.yaml': own, token: '1//token\n' })
    const [destination] = folder.load({ ID: 'id', SECRET: 'secret' }).destinations
    expect(destination && storageOptions(destination, undefined)).toEqual({
      type: 'drive',
      folder: undefined,
      prefix: 'backups/immich',
      credentials: { clientId: 'id', clientSecret: 'secret', refreshToken: '1//token' },
      cacheFolder: undefined,
    })
  })

  const wrong: [string, string, string][] = [
    ['both kinds of credentials', `${own}    serviceAccount: env:KEY\n    folder: 0AbcDefGhiJklUk9PVA\n`, 'needs either serviceAccount or oauth'], // prettier-ignore
    ['none', 'destinations: [{ name: d, type: drive }]\n', 'needs either serviceAccount or oauth'],
    ['a service account without a folder', 'destinations: [{ name: d, type: drive, serviceAccount: env:KEY }]\n', 'folder: is missing: a service account has no place of its own'], // prettier-ignore
    ['an address for a folder', shared.replace('0Abc', 'https://drive.google.com/drive/folders/0Abc'), 'folder: is the id of a folder'], // prettier-ignore
    ['the secret itself', own.replace('env:SECRET', 'GOCSPX-hunter2'), 'takes a reference to the secret'],
  ]
  test.each(wrong)('%s is refused', async (_, file, message) => {
    await using folder = await folderWith({ 'safelight.yaml': file })
    expect(() => folder.load({})).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) }),
    )
    expect(() => folder.load({})).not.toThrow(/hunter2/)
  })
})
