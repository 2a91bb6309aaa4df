/* What parts find in the vault of others: late ones, those of a former job, those of a machine that was given up for dead. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openHostChain } from '../../../../src/runs/backup/openHostChain.ts'
import { databaseOf } from '../../../../src/runs/backup/parts/join.ts'
import type { SnapshotRecord } from '../../../../src/vault/record.ts'
import { sha256 } from '../../../../src/vault/objects.ts'
import { openTestVault } from '../../backedUp.ts'
import { commitByHand } from '../../handmade.ts'
import { Fixture, recordOf } from '../fixture.ts'
import { endOfPart, takePart } from './partFixture.ts'

const hour = 3_600_000

test('a part that comes late finds the snapshot of its job below that of another run', async () => {
  await using fixture = await Fixture.create()
  await takePart(fixture, 0, { of: 2 })
  const made = recordOf(await takePart(fixture, 1, { of: 2 }))
  await commitByHand(fixture.vault, [])
  expect(recordOf(await takePart(fixture, 0, { of: 2, machine: 'another' }))).toEqual(made)
  expect(await fixture.records()).toHaveLength(2)
})

test('a backup with the name of a former one is refused: it would find that one done', async () => {
  await using fixture = await Fixture.create()
  await takePart(fixture, 0, { of: 2 })
  const { sequence, runId } = recordOf(await takePart(fixture, 1, { of: 2 }))
  const now = (): Date => new Date(Date.now() + 22 * hour)
  const { error } = await endOfPart(fixture, 0, { of: 2, now })
  expect(error).toMatchObject({
    message: expect.stringContaining(`the job night-1 has become snapshot ${sequence}-${runId} already, at `),
    hint: expect.stringContaining('needs a name that none had before'),
    exitCode: 1,
  })
})

test('a part is done, however much a machine still puts down that was given up for dead', async () => {
  await using fixture = await Fixture.create()
  await using opened = await openTestVault(fixture.vault)
  const dead = await openHostChain(opened.vault, {
    host: 'main-part-0-of-2',
    folder: join(fixture.folder, 'dead'),
    runId: '0123456789abcdef',
    now: new Date(),
    readOnly: false,
  })
  const { part } = await takePart(fixture, 0, { of: 2 })
  const done = part?.record.record
  if (!done?.part) throw new Error('the part is not done')
  for (let n = 0; n < 5; n++) {
    const undone = { ...done, runId: undefined, part: { ...done.part, done: false } }
    await dead.commit(undone, new Date(), {})
  }
  dead.close()
  const joined = recordOf(await takePart(fixture, 1, { of: 2 }))
  expect(joined.parts?.records[0]).toMatchObject({ runId: done.runId })
})

test('the dump of the parts is passed over where the host has a newer one', async () => {
  const fixture = join(import.meta.dirname, '../../../fixtures/vault-v1-parts/expected.json')
  const { waiting: record } = JSON.parse(await readFile(fixture, 'utf8')) as { waiting: SnapshotRecord }
  const parts = [{ key: '', size: 0, sha256: sha256(Buffer.from('')), record }]
  const hostAt = (hours: number): SnapshotRecord => {
    if (!record.database) throw new Error('the part has no dump')
    const taken = new Date(Date.parse(record.database.taken) + hours * hour).toISOString()
    return { ...record, database: { ...record.database, taken } }
  }
  const takenOf = (host: SnapshotRecord | undefined) => databaseOf({ job: 'night', parts }, host)?.dump.taken
  expect([undefined, hostAt(-1), hostAt(0)].map(takenOf)).toEqual(Array(3).fill(record.database?.taken))
  expect(takenOf(hostAt(1))).toBeUndefined()
})
