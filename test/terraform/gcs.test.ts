/* What the service accounts of the module for Google Cloud may do, and that it is enough for each. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gcsDestination } from '../../src/config/destinations/gcs.ts'
import { openStorage } from '../../src/storage/open.ts'
import { trialPrefix } from '../../src/storage/trial.ts'
import { Fixture } from '../runs/backup/fixture.ts'
import { addFilm } from '../runs/backup/killedNearEnd.ts'
import { verifyVault } from '../runs/verify/verifying.ts'
import { startGcsServer } from '../servers/gcs/server.ts'
import { gcsOptions, newBucket } from '../support/gcs.ts'
import { gcsRights, type Identity } from './gcsRoles.ts'
import { Module, terraform } from './module.ts'

const contents = ['objects/ab/cd', 'packs/0123-1', 'database/2026-immich.sql.gz']
const index = ['vault.json', 'keys/index/1.sealed', 'hosts/main/snapshots/0000000001-ab', 'uploads/ab-cd']
const reports = ['runs/2026-ab', 'verifications/2026-ab']
const vault = [...contents, ...index, ...reports].map((key) => `immich/${key}`)
const elsewhere = ['other/objects/ab/cd', 'immich2/vault.json', 'vault.json', 'immich']

test.each<[Identity, Record<string, string[]>]>([
  ['backup', { create: vault, get: [...index, ...reports].map((key) => `immich/${key}`) }],
  ['verify', { create: ['immich/verifications/2026-ab'], get: vault }],
  ['restore', { create: vault, get: vault, delete: vault, update: vault }],
])('the account for %s may do what it has to, and nothing else', async (identity, rights) => {
  const may = await gcsRights('photos')
  for (const deed of ['create', 'get', 'delete', 'update', 'setIamPolicy', 'setRetention']) {
    const allowed = [...vault, ...elsewhere].filter((key) => may(identity, `storage.objects.${deed}`, key))
    expect({ deed, allowed }).toEqual({ deed, allowed: rights[deed] ?? [] })
  }
  expect(may(identity, 'storage.objects.list')).toBe(true)
  expect(may(identity, 'storage.buckets.update')).toBe(false)
})

test('backup, resumption and verification, each with its own rights', async () => {
  await using server = await startGcsServer()
  const bucket = newBucket(server)
  const rights = await gcsRights(bucket.name)
  let identity: Identity = 'backup'
  bucket.rights = (permission, object) => rights(identity, permission, object)
  await using fixture = await Fixture.create({ storage: gcsOptions(server, bucket, 'immich') })
  await addFilm(fixture, 70)

  const sent = (): number => server.requests.reduce((sum, { received }) => sum + received, 0)
  const stop = new AbortController()
  const stopping = setInterval(() => {
    if (sent() > 40e6) stop.abort(new Error('the node is drained'))
  }, 1)
  await expect(fixture.backup({ signal: stop.signal })).rejects.toThrow('the node is drained')
  clearInterval(stopping)
  await rm(fixture.vault.state, { recursive: true })
  await fixture.backupWell()
  expect(sent()).toBeLessThan(85e6)

  identity = 'verify'
  const verification = await verifyVault(fixture.vault)
  expect(verification).toMatchObject({ outcome: 'good', findings: [] })
  expect(verification.document).toMatch(/^verifications\//)
  await expect(fixture.backup()).rejects.toMatchObject({ name: 'AccessDeniedError' })
}, 60_000)

test('of the accounts in the cluster, none can delete or replace anything', async () => {
  await using server = await startGcsServer()
  const bucket = newBucket(server)
  const rights = await gcsRights(bucket.name)
  const storage = await openStorage(gcsOptions(server, bucket, 'immich'))
  const own = `${trialPrefix}own`
  await storage.put(own, Buffer.from('first'), { kind: 'index' })
  for (const identity of ['backup', 'verify'] as const) {
    bucket.rights = (permission, object) => rights(identity, permission, object)
    expect(await storage.trial?.remove(own, {})).toBe('refused')
    expect(await storage.trial?.overwrite(own, Buffer.from('second'), {})).toBe('refused')
  }
  await storage.close()
})

test('the roles are those of the page', async () => {
  const page = await readFile(join(terraform, '../docs/destinations/gcs.md'), 'utf8')
  const rows = page.matchAll(/^\| (\w+) +\| Storage ([\w ]+?) +\| (.*?) +\|/gm)
  const shown = Array.from(rows, ([, task = '', role = '', where = '']) => {
    const places = Array.from(where.matchAll(/`(?:<prefix>\/)?(.*?)`/g), ([, place]) => place)
    const parts = places.length > 1 ? places.slice(1) : places
    return grantText(task.replace('verification', 'verify'), `roles/storage.${camelCase(role)}`, parts)
  })
  const module = await Module.read('gcs')
  const given = [...module.resources('google_storage_bucket_iam_member').values()].map((grant) => {
    const { member = '', role = '' } = grant as Record<string, string>
    const [, task = ''] = /identity\["?(\w+)/.exec(member) ?? []
    const places = JSON.stringify(grant['condition'] ?? '').matchAll(/local\.vault\}\/([\w./]*)/g)
    const parts = Array.from(places, ([, place]) => place)
    return grantText(task, role, parts)
  })
  expect(shown.toSorted()).toEqual(given.toSorted())
})

function grantText(task: string, role: string, places: readonly (string | undefined)[]): string {
  return `${task} ${role} ${places.join(' ')}`
}

function camelCase(words: string): string {
  return words.replaceAll(' ', '').replace(/^./, (first) => first.toLowerCase())
}

test('notes on uploads expire, and nothing else', async () => {
  const module = await Module.read('gcs', { 'var.prefix': 'immich' })
  const bucket = module.resources('google_storage_bucket').get('vault')
  expect(bucket?.['lifecycle_rule']).toEqual([
    {
      condition: [{ age: 8, matches_prefix: ['${var.prefix}/uploads/'] }],
      action: [{ type: 'Delete' }],
    },
  ])
  expect(bucket).toMatchObject({ uniform_bucket_level_access: true, public_access_prevention: 'enforced' })
})

test('every class that Safelight knows can be chosen', async () => {
  const { variables } = await Module.read('gcs')
  const condition = JSON.stringify(variables['storage_class'])
  const classes = Array.from(condition.matchAll(/\\"([A-Z_]+)\\"/g), ([, name]) => name)
  const { storageClass } = gcsDestination.shape
  expect(classes).toEqual(storageClass.unwrap().options)
})
