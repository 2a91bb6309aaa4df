/* What a run leaves in the vault about itself, however it ends. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseIdentity } from '../../../src/crypto/identity.ts'
import { backup } from '../../../src/runs/backup/backup.ts'
import {
  listRunReports,
  readRunReport,
  storeRunReport,
  type RunReport,
} from '../../../src/runs/backup/runReport.ts'
import { openStorage } from '../../../src/storage/open.ts'
import { openVault } from '../../../src/vault/vault.ts'
import { RefusingStorage } from '../../support/refusingStorage.ts'
import { newVault } from '../../vault/vaults.ts'
import { openTestVault } from '../backedUp.ts'
import { report } from '../status/facts.ts'
import { Fixture, openAsDestination, type Wishes } from './fixture.ts'

/** All reports in a vault, oldest first. */
async function reportsIn({ vault: test }: Fixture): Promise<(RunReport | undefined)[]> {
  await using opened = await openTestVault(test)
  const keys = await listRunReports(opened.vault, undefined, {})
  return await Promise.all(keys.map(async (key) => await readRunReport(opened.vault, key, {})))
}

/** The fixture's vault, in which nothing can be created under some keys. */
async function vaultThatRefuses({ vault: { storage, identity, pin } }: Fixture, create: RegExp) {
  return await openVault(new RefusingStorage(await openStorage(storage), { create }), { identity, pin })
}

test('a good run reports what it did and names what it skipped', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('library/a.jpg', 'photo')
  const now = new Date('2026-11-21T02:00:00Z')
  const record = await fixture.backupWell({ now: () => now })
  expect(await reportsIn(fixture)).toEqual([
    {
      version: 1,
      kind: 'backup',
      runId: record.runId,
      host: 'main',
      program: 'safelight test',
      started: '2026-11-21T02:00:00.000Z',
      finished: '2026-11-21T02:00:00.000Z',
      outcome: 'completed',
      exitCode: 0,
      record: `hosts/main/snapshots/0000000001-${record.runId}`,
      changes: record.changes,
      mismatched: 0,
      skipped: 0,
      examples: [],
    },
  ])
})

test('a run that fails reports why', async () => {
  await using fixture = await Fixture.create()
  const vault = await vaultThatRefuses(fixture, /\/snapshots\//)
  await expect(fixture.backup({ vault, only: 'files' })).rejects.toThrow('no right to create')
  expect(await reportsIn(fixture)).toMatchObject([
    {
      outcome: 'failed',
      only: 'files',
      error: expect.stringContaining('/snapshots/'),
      changes: { added: 2 },
    },
  ])
})

test('a run that is stopped reports that it was', async () => {
  await using fixture = await Fixture.create()
  const stop = new AbortController()
  const stopped = fixture.backup({
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'storing' && stop.abort(),
  })
  await expect(stopped).rejects.toThrow('aborted')
  expect(await reportsIn(fixture)).toMatchObject([{ outcome: 'interrupted' }])
})

test('a dry run leaves no report', async () => {
  await using fixture = await Fixture.create()
  await fixture.backup({ dryRun: true })
  expect(await reportsIn(fixture)).toEqual([])
})

test('a report that can’t be stored changes nothing, and is told', async () => {
  await using fixture = await Fixture.create()
  const well = await fixture.backup({ vault: await vaultThatRefuses(fixture, /^runs\//) })
  expect(well).toMatchObject({
    exitCode: 0,
    warnings: [
      expect.stringContaining('the report of this run could not be stored: no right to create runs/'),
    ],
  })
})

test('nor does one of a run that failed, which tells that no checkpoint could be stored either', async () => {
  await using fixture = await Fixture.create()
  const vault = await vaultThatRefuses(fixture, /^(?:runs|hosts)\//)
  const opened = await openAsDestination(fixture.vault)
  const [end] = await backup(fixture.plan(), [{ name: 'disk', open: async () => ({ ...opened, vault }) }])
  expect(end?.error).toMatchObject({ name: 'AccessDeniedError' })
  expect(end?.warnings).toEqual([
    expect.stringContaining('no last checkpoint could be committed: no right to create hosts/'),
    expect.stringContaining('the report of this run could not be stored: no right to create runs/'),
  ])
})

test('the reports of the first version are still read', async () => {
  const frozen = join(import.meta.dirname, '../../fixtures/vault-v1')
  const identity = await parseIdentity(await readFile(join(frozen, 'identity.txt'), 'utf8'), 'identity.txt')
  const storage = await openStorage({ type: 'local', path: join(frozen, 'vault') })
  const vault = await openVault(storage, { identity })
  const keys = await listRunReports(vault, undefined, {})
  expect(keys).toHaveLength((await readdir(join(frozen, 'vault/runs'))).length)
  for (const key of keys) expect(await readRunReport(vault, key, {})).toMatchObject({ outcome: 'completed' })
  await storage.close()
})

test('only the runs since a moment are listed', async () => {
  const { vault } = await newVault()
  for (const day of ['19', '20', '21'])
    await storeRunReport(vault, report({ started: `2026-11-${day}T02:00:00.000Z` }), {})
  const keys = await listRunReports(vault, new Date('2026-11-20T02:00:00Z'), {})
  expect(keys.map((key) => key.slice(0, 21))).toEqual(['runs/20261120T020000Z', 'runs/20261121T020000Z'])
})

function at(day: number): Date {
  return new Date(`2026-11-${day}T02:00:00Z`)
}

test('a record says when all files were last seen, whatever came after that', async () => {
  await using fixture = await Fixture.create()
  const takenBy = async (wishes: Wishes) => (await fixture.backup(wishes)).snapshot?.record.filesTaken
  const database = { only: 'database', database: undefined } as const
  expect(await takenBy({ ...database, now: () => at(18) })).toBeNull()
  expect(await takenBy({ now: () => at(19) })).toBe(at(19).toISOString())
  expect(await takenBy({ ...database, now: () => at(20) })).toBe(at(19).toISOString())
})
