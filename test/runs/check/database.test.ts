import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveSecret } from '../../../src/config/secret.ts'
import { Environment } from '../../../src/config/environment.ts'
import { checkDatabase } from '../../../src/runs/check/database.ts'
import { createSmallImmich, runOn, type SmallImmich } from '../../immich/smallImmich.ts'
import { startPostgres, type TestPostgres } from '../../support/postgres.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

let postgres: TestPostgres
let url: string
let small: SmallImmich

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase('immich')
  small = await createSmallImmich(url, '3.1.0')
})
afterAll(async () => await postgres[Symbol.asyncDispose]())

interface Wishes {
  now?: () => Date
  library?: string
}

async function check(at: string, { now = () => new Date(), library }: Wishes = {}) {
  const environment = new Environment({ URL: at }, {})
  const reference = resolveSecret('env:URL', { environment, folder: '/' }, 'database.url')
  const database = { url: reference, variables: {}, host: undefined, port: undefined, ca: undefined }
  const config = { database, immichServer: undefined, immichVersion: undefined, library }
  return await Array.fromAsync(checkDatabase(config, { now, signal: new AbortController().signal }))
}

/** A media root with these files. */
async function libraryWith(paths: readonly string[]) {
  const folder = await temporaryFolder()
  for (const path of paths) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true })
    await writeFile(join(folder.path, path), 'x')
  }
  return folder
}

/** The same database for another user, who may only connect. */
async function asUser(name: string): Promise<string> {
  await runOn(url, [`CREATE ROLE "${name}" LOGIN PASSWORD 'secret'`])
  return url.replace(/\/\/[^@]*@/, `//${name}:secret@`)
}

test("Immich's own user may do all that a backup does", async () => {
  expect(await check(url)).toEqual([
    {
      what: 'database',
      result: 'good',
      detail: expect.stringMatching(/^PostgreSQL \d+\.\d+, database "immich" as "postgres" at 127/),
    },
    { what: 'database rights', result: 'good', detail: 'postgres may read all of it' },
    { what: 'Immich', result: 'good', detail: 'version 3.1.0, by its database' },
    { what: 'clock', result: 'good', detail: 'clocks agree within a minute' },
    { what: 'pg_dump', result: 'good', detail: expect.stringContaining('/pg_dump') },
  ])
})

describe('a user of its own', () => {
  test('is told what it may not read, and the remedy is enough', async () => {
    const reader = await asUser('reader')
    const rights = (await check(reader)).find(({ what }) => what === 'database rights')
    expect(rights).toMatchObject({
      result: 'bad',
      detail: expect.stringMatching(/^reader may not read public\."user", .* and \d+ more$/),
    })
    const [grant = ''] = /GRANT .* TO "\w+"/.exec(rights?.remedy ?? '') ?? []
    await runOn(url, [grant])
    const findings = await check(reader)
    expect(findings.filter(({ result }) => result !== 'good')).toEqual([])
  })

  test('needs to read sequences, too, as pg_dump does', async () => {
    const counter = await asUser('counter')
    await runOn(
      url,
      ['GRANT SELECT ON ALL TABLES IN SCHEMA public TO counter'],
      ['CREATE SEQUENCE public.hidden'],
    )
    const findings = await check(counter)
    expect(findings[1]?.detail).toBe('counter may not read public.hidden')
    await runOn(url, ['DROP SEQUENCE public.hidden'])
  })
})

test('a database of something else is told', async () => {
  await expect(check(await postgres.createDatabase('empty'))).rejects.toThrow('not an Immich database')
})

test.each([
  [3, 'weak', 'fast'],
  [-20, 'bad', 'slow'],
])('a clock that is %i minutes off is %s: it is %s', async (minutes, result, how) => {
  const findings = await check(url, { now: () => new Date(Date.now() + minutes * 60_000) })
  expect(findings.find(({ what }) => what === 'clock')).toMatchObject({
    result,
    detail: `this machine's clock is ${Math.abs(minutes)} min ${how}, by the database's`,
  })
})

describe('the files that the database names', () => {
  const named = async (library: string) =>
    (await check(url, { library })).find(({ what }) => what === 'named files')

  test('are good in the library that is theirs', async () => {
    await using folder = await libraryWith([small.photo.path, small.video.path, small.trashed.path])
    expect(await named(folder.path)).toMatchObject({ result: 'good', detail: expect.stringMatching(/, 3$/) })
  })

  test('are weak where some are missing, with an example', async () => {
    await using folder = await libraryWith([small.photo.path, small.video.path])
    expect(await named(folder.path)).toMatchObject({
      result: 'weak',
      detail: `1 of 3 are not in ${folder.path}, such as ${small.trashed.path}`,
    })
  })

  test('are bad where all are missing: it is the library of somebody else', async () => {
    await using folder = await libraryWith(['upload/other.jpg'])
    expect(await named(folder.path)).toMatchObject({ result: 'bad', remedy: expect.any(String) })
  })
})

test('no database is weak: somebody may have meant it', async () => {
  const around = { now: () => new Date(), signal: new AbortController().signal }
  const none = { immichServer: undefined, immichVersion: undefined, library: undefined }
  expect(await Array.fromAsync(checkDatabase({ ...none, database: false }, around))).toMatchObject([
    { what: 'database', result: 'weak' },
  ])
  expect(await Array.fromAsync(checkDatabase({ ...none, database: undefined }, around))).toEqual([])
})
