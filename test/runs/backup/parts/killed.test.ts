/* Machines that take the parts of a backup die at any instant; what comes of it is what a single run makes. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../../../src/immich/databaseUrl.ts'
import { createSmallImmich } from '../../../immich/smallImmich.ts'
import { startPostgres } from '../../../support/postgres.ts'
import { Random } from '../../../support/random.ts'
import { createTestVault } from '../../backedUp.ts'
import { runChild, taskFor } from '../childRun.ts'
import { Fixture, recordOf } from '../fixture.ts'
import { fillLibrary, rowsOf } from './partFixture.ts'

const random = new Random(4)
const of = 4
/** Each part is killed so often, and then left alone. */
const kills = 3

test('four processes take a backup in parts, each killed three times: the snapshot equals that of a single run', async () => {
  await using fixture = await Fixture.create()
  await using postgres = await startPostgres()
  const database = await postgres.createDatabase('immich')
  const immich = await createSmallImmich(database, '3.1.0')
  await fillLibrary(fixture)
  await fixture.write(immich.photo.path, 'photo')
  // Young files that the database does not name wait for a later run: these are no folders of Immich.
  const sources = fixture.sources('library', 'upload').map((source) => ({ ...source, immich: false }))
  const checkpointEvery = { ms: 0, bytes: 50_000 }

  const takePart = async (index: number): Promise<number> => {
    let killed = 0
    for (let machine = 0; ; machine++) {
      const state = join(fixture.folder, `machine-${index}-${machine}`)
      const part = { job: 'night', index, of }
      const task = taskFor(fixture, { database, sources, state, part, checkpointEvery })
      const run = await runChild(
        task,
        killed < kills ? async () => await delay(random.next() * 250 * (killed + 1)) : undefined,
      )
      if (!run.killed) return killed
      killed += 1
    }
  }
  const killed = await Promise.all(Array.from({ length: of }, (_, index) => takePart(index)))
  expect(Math.min(...killed)).toBeGreaterThan(0)

  const single = fixture.at(await createTestVault(join(fixture.folder, 'single')))
  const settings = parseDatabaseUrl(database)
  const alone = recordOf(
    await single.backup({
      sources,
      database: { settings, serverUrl: undefined, configuredVersion: undefined },
    }),
  )
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOf(single.vault, fixture.folder))
  const joined = (await fixture.records()).map(({ record }) => record).filter(({ complete }) => complete)
  expect(joined).toHaveLength(1)
  const { counts, crossCheck, immich: version, postgres: server, warnings } = alone
  expect(joined[0]).toMatchObject({ counts, crossCheck, immich: version, postgres: server, warnings })
  expect(joined[0]?.database?.sqlSize).toBe(alone.database?.sqlSize)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
}, 240_000)
