/* What a forecast starts from, held against what really lies in a vault and what a run really does. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forecast } from '../../../src/runs/forecast/forecast.ts'
import { countRequests, sumRequests } from '../../../src/runs/forecast/requests.ts'
import type { Survey } from '../../../src/runs/forecast/survey.ts'
import { tariffOf } from '../../../src/storage/prices/tariff.ts'
import { createBucket, storageOptions } from '../../support/bucket.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { Random } from '../../support/random.ts'
import { s3Server } from '../../support/s3Server.ts'
import { Fixture, type Wishes } from '../backup/fixture.ts'

const random = new Random(42)
const dayMs = 24 * 3600 * 1000
const begin = Date.parse('2026-08-01T02:00:00Z')

async function surveyOf(fixture: Fixture, wishes: Wishes = {}): Promise<Survey> {
  const { dryRun } = await fixture.backup({ ...wishes, dryRun: true })
  if (!dryRun) throw new Error('it was no dry run')
  return dryRun.survey
}

/** Objects and bytes below some prefixes of a vault on disk. */
function lying(fixture: Fixture, ...prefixes: string[]): { objects: number; bytes: number } {
  const sizes = prefixes.flatMap((prefix) =>
    readdirSync(join(fixture.vault.path, prefix), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size),
  )
  return { objects: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

test('what lies in the vault, what comes, and what a restore reads are the objects that there are; a year is told from forty days', async () => {
  await using fixture = await Fixture.create()
  const on = (day: number): Wishes => ({ now: () => new Date(begin + day * dayMs) })
  for (let i = 0; i < 5; i++) await fixture.write(`upload/${i}.jpg`, random.bytes(400_000))
  await fixture.write('upload/0.xmp', 'sidecar')
  await fixture.backupWell(on(0))
  const first = lying(fixture, 'objects', 'packs')
  await fixture.write('upload/new.jpg', random.bytes(1_000_000))
  await fixture.remove('upload/4.jpg')
  await fixture.backupWell(on(20))
  await fixture.write('upload/newer.jpg', random.bytes(9_000_000))
  const survey = await surveyOf(fixture, on(40))

  const before = lying(fixture, 'objects', 'packs')
  expect(survey.stored.content).toMatchObject(before)
  expect(survey.stored.content.small.objects).toBe(1)
  expect(survey.stored.index).toMatchObject(lying(fixture, 'hosts'))
  await fixture.backupWell(on(40))
  const after = lying(fixture, 'objects', 'packs')
  const came = { objects: after.objects - before.objects, bytes: after.bytes - before.bytes }
  expect(survey.added.content).toMatchObject(came)
  // Everything but the photo that is gone.
  const gone = 400_000 + 24 + 56 + 16 * 25
  expect(survey.restored).toMatchObject({ objects: after.objects - 1, bytes: after.bytes - gone })
  expect(survey.growth?.content).toMatchObject({
    days: 40,
    amount: { objects: 2, bytes: after.bytes - first.bytes },
  })

  const tariff = tariffOf({ provider: 'aws', region: 'us-east-1', storageClass: undefined })
  if (!tariff) throw new Error('there are no prices')
  const { month, year } = forecast(tariff, survey, 1)
  expect(month.bytes).toBe(after.bytes + survey.stored.index.bytes)
  expect(year?.bytes).toBe(month.bytes + Math.round(((after.bytes - first.bytes) * 365) / 40))
  expect(year?.cost).toBeCloseTo(((year?.bytes ?? 0) / 2 ** 30) * 0.023, 12)
})

test('the requests of a run on S3 are those that it then makes', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using proxy = await startHttpProxy(server.endpoint)
  const storage = { ...storageOptions(server, bucket.name, 'immich'), endpoint: proxy.url }
  await using fixture = await Fixture.create({ storage })
  await fixture.write('upload/0.jpg', random.bytes(400_000))
  await fixture.backupWell()
  for (let i = 0; i < 3; i++) await fixture.write(`upload/new/${i}.jpg`, random.bytes(300_000))
  for (let i = 0; i < 300; i++) await fixture.write(`upload/new/${i}.xmp`, `sidecar ${i}`)
  await fixture.write('upload/film.mov', random.bytes(12 * 1024 * 1024))
  await fixture.write('upload/long.mov', random.bytes(65 * 1024 * 1024))
  const { requests } = await surveyOf(fixture)
  const before = proxy.requests.length
  await fixture.backupWell()
  const made = proxy.requests.slice(before)
  const count = (method: string, about: RegExp = /./): number =>
    made.filter((line) => line.startsWith(`${method} `) && about.test(line)).length
  const all = sumRequests(requests.content, requests.index)
  expect(countRequests(all)).toBe(made.length)
  // Each upload in parts ends with a POST, as it begins with one.
  expect(all.puts + all.parts).toBe(count('PUT') + count('POST'))
  expect(all.gets + all.lists).toBe(count('GET'))
  expect(all).toMatchObject({ gets: 2, lists: 2 })
})
