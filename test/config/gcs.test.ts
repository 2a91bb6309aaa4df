import { describe, expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import type { Variables } from '../../src/config/environment.ts'
import { storageOptions } from '../../src/config/storageOptions.ts'
import { folderWith } from './folder.ts'

const key = '{"type":"service_account","private_key":"hunter2"}'
const bare = 'destinations:\n  - { name: cloud, type: gcs }\n'
const full = `destinations:
  - name: cloud
    type: gcs
    bucket: photos
    prefix: immich
    endpoint: https://storage-private.p.googleapis.com
    storageClass: ARCHIVE
    credentials: file:keys/own.json
`

/** How the first destination is opened, with these files and variables. */
async function opened(files: Record<string, string>, env: Variables = {}) {
  await using folder = await folderWith(files)
  const [destination] = folder.load(env).destinations
  if (destination === undefined) throw new Error('no destination')
  return storageOptions(destination, undefined)
}

describe('a destination of type gcs', () => {
  test('is what the file says', async () => {
    expect(await opened({ 'safelight.yaml': full, 'keys/own.json': `${key}\n` })).toEqual({
      type: 'gcs',
      bucket: 'photos',
      prefix: 'immich',
      endpoint: 'https://storage-private.p.googleapis.com',
      storageClass: 'ARCHIVE',
      credentials: key,
    })
  })

  test('takes what the file leaves out from the variables of the older set-up', async () => {
    const env = { GCS_BUCKET: 'older', GCS_CREDENTIALS: key }
    expect(await opened({ 'safelight.yaml': bare }, env)).toMatchObject({ bucket: 'older', credentials: key })
    const path = { GCS_BUCKET: 'older', GCS_CREDENTIALS: 'keys/older.json' }
    const files = { 'safelight.yaml': bare, 'keys/older.json': key }
    expect(await opened(files, path)).toMatchObject({ credentials: key })
  })

  test('heeds the file where both say something', async () => {
    const env = { GCS_BUCKET: 'older', GCS_CREDENTIALS: '{"older":true}' }
    const files = { 'safelight.yaml': full, 'keys/own.json': key }
    expect(await opened(files, env)).toMatchObject({ bucket: 'photos', credentials: key })
  })

  test("leaves Google's own variable to Google's client, unless only the .env file has it", async () => {
    const files = { 'safelight.yaml': bare, 'keys/usual.json': key }
    const env = { GCS_BUCKET: 'older', GOOGLE_APPLICATION_CREDENTIALS: 'keys/usual.json' }
    expect(await opened(files, env)).toMatchObject({ credentials: undefined })
    const inFile = { ...files, '.env': 'GOOGLE_APPLICATION_CREDENTIALS=keys/usual.json\n' }
    expect(await opened(inFile, { GCS_BUCKET: 'older' })).toMatchObject({ credentials: key })
    const both = { GCS_BUCKET: 'older', GCS_CREDENTIALS: '{"older":true}' }
    expect(await opened(inFile, both)).toMatchObject({ credentials: '{"older":true}' })
  })

  test('needs a bucket from one of the two', async () => {
    await using folder = await folderWith({ 'safelight.yaml': bare })
    expect(folder.problems().join('\n')).toMatch(
      /destinations\[0\]\.bucket: is missing; it takes a text, or GCS_BUCKET does/,
    )
    expect(folder.problems({ GCS_BUCKET: 'older' })).toEqual([])
  })

  test('refuses a storage class that Google does not have', async () => {
    await using folder = await folderWith({ 'safelight.yaml': full.replace('ARCHIVE', 'GLACIER') })
    expect(folder.problems().join('\n')).toMatch(/takes one of STANDARD, NEARLINE, COLDLINE, ARCHIVE/)
  })

  test('tells where everything came from, and no secret', async () => {
    await using folder = await folderWith({ 'safelight.yaml': bare, '.env': 'GCS_BUCKET=older\n' })
    const shown = describeConfig(folder.load({ GCS_CREDENTIALS: key })).filter(({ field }) =>
      /bucket|credentials/.test(field),
    )
    expect(shown).toEqual([
      { field: 'destinations[0].bucket', value: 'older', from: 'variable GCS_BUCKET in .env' },
      {
        field: 'destinations[0].credentials',
        value: '[secret from env:GCS_CREDENTIALS]',
        from: 'variable GCS_CREDENTIALS',
      },
    ])
  })
})
