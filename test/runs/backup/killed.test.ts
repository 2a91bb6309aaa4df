/* A run that is killed at any instant harms nothing, and costs little. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createSmallImmich } from '../../immich/smallImmich.ts'
import { startPostgres } from '../../support/postgres.ts'
import { Random } from '../../support/random.ts'
import { keysIn } from '../verify/tampering.ts'
import { verifyVault } from '../verify/verifying.ts'
import type { ChildTask } from './child.ts'
import { never, runChild, taskFor } from './childRun.ts'
import { Fixture } from './fixture.ts'

const random = new Random(6)

/** Some small files, some of a size that is stored alone, one that goes in pieces. */
async function addFiles(fixture: Fixture, round: number): Promise<void> {
  for (let i = 0; i < 8; i++) await fixture.write(`upload/${round}/${i}.xmp`, `sidecar ${round} ${i}`)
  for (let i = 0; i < 4; i++)
    await fixture.write(`library/${round}/${i}.jpg`, Buffer.alloc(300_000, `${round} ${i}`))
  if (round % 4 === 1) await fixture.write('library/film.mp4', Buffer.alloc(9_000_000, `film ${round}`))
  if (round > 1) {
    await fixture.move(`library/${round - 1}/1.jpg`, `upload/${round - 1}/moved.jpg`)
    await fixture.remove(`upload/${round - 1}/3.xmp`)
    await fixture.write(`library/${round - 1}/0.jpg`, Buffer.alloc(300_000, `edited ${round}`))
  }
}

/**
 * Kills runs at random moments, on this machine or on fresh ones, until as many as wanted were really killed. After
 * each, every snapshot is whole, by the listing; at the end, by reading everything.
 * @returns how many were killed.
 */
async function killAgainAndAgain(
  fixture: Fixture,
  wishes: Partial<ChildTask>,
  kills: number,
): Promise<number> {
  await addFiles(fixture, 1)
  const task = taskFor(fixture, wishes)
  let { ms } = await runChild(task)
  let killed = 0
  for (let round = 2; killed < kills; round++) {
    await addFiles(fixture, round)
    const fresh = random.next() < 0.3
    if (fresh) await rm(task.state, { recursive: true })
    const checkpointEvery = random.next() < 0.5 ? { ms: 0, bytes: 1 } : never
    const after = random.next() * ms * 1.1
    const run = await runChild({ ...task, checkpointEvery }, async () => await delay(after))
    if (run.killed) killed += 1
    else ms = run.ms
    const { findings } = await verifyVault(fixture.vault, { level: 'list' })
    expect(findings).toEqual([])
  }
  await runChild(task)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
  return killed
}

test('killed at forty random moments, a vault is whole in between and at the end', async () => {
  await using fixture = await Fixture.create()
  expect(await killAgainAndAgain(fixture, {}, 40)).toBe(40)
}, 240_000)

test('killed at twelve more while the database is dumped as well', async () => {
  await using fixture = await Fixture.create()
  await using postgres = await startPostgres()
  const database = await postgres.createDatabase('immich')
  await createSmallImmich(database, '3.1.0')
  // Young files that the database does not name wait for a later run: these are no folders of Immich.
  const sources = fixture.sources('library', 'upload').map((source) => ({ ...source, immich: false }))
  expect(await killAgainAndAgain(fixture, { database, sources }, 12)).toBe(12)
}, 240_000)

test('a first run that is killed again and again on fresh machines goes on from its last checkpoint', async () => {
  await using fixture = await Fixture.create()
  const count = 60
  for (let i = 0; i < count; i++) await fixture.write(`upload/${i}.jpg`, random.bytes(300_000))
  const recordsInVault = () => keysIn(fixture.vault, 'hosts/main/snapshots').length
  let committed = 0
  let machines = 0
  for (let killed = true; killed; machines++) {
    const task = taskFor(fixture, {
      state: join(fixture.folder, `machine-${machines}`),
      // So slow that it is not at its end before anybody looks.
      uploadRate: 8_000_000,
      checkpointEvery: { ms: 0, bytes: 1_000_000 },
    })
    const before = recordsInVault()
    const run = await runChild(task, async (ended) => {
      while (!ended.aborted && recordsInVault() < before + 2) await delay(5)
    })
    killed = run.killed
    const [last, ...others] = (await fixture.records()).toReversed()
    const earlier = others.find(({ record }) => record.runId !== last?.record.runId)?.record
    // Nothing is read or stored again that a checkpoint of an earlier machine had.
    if (!last) throw new Error('no record')
    const { counts, changes } = last.record
    expect(changes.added).toBe(counts.files - (earlier?.counts.files ?? 0))
    expect(counts.files).toBeGreaterThanOrEqual(committed)
    committed = counts.files
  }
  expect(machines).toBeGreaterThan(3)
  expect(committed).toBe(count + 2)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
}, 120_000)
