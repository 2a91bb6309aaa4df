/* What a look at a vault finds, and what it costs. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseIdentity } from '../../../src/crypto/identity.ts'
import { rememberedRecord, hostFolder } from '../../../src/runs/stateFolder.ts'
import { storeRunReport } from '../../../src/runs/backup/runReport.ts'
import { readVault } from '../../../src/runs/status/readVault.ts'
import { storeVerification } from '../../../src/runs/verify/document.ts'
import { openStorage } from '../../../src/storage/open.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { recordName } from '../../../src/vault/snapshots.ts'
import { openVault } from '../../../src/vault/vault.ts'
import { CountingStorage } from '../../support/countingStorage.ts'
import { RefusingStorage } from '../../support/refusingStorage.ts'
import { openTestVault } from '../backedUp.ts'
import { Fixture } from '../backup/fixture.ts'
import { commitByHand } from '../handmade.ts'
import { verifyVault } from '../verify/verifying.ts'
import { report, verification } from './facts.ts'

/** Looks at a fixture's vault, through another storage where a test wants one. */
async function look(
  { vault: { storage, identity, pin, state } }: Fixture,
  wrap: (storage: Storage) => Storage = (storage) => storage,
  { remembers = true } = {},
) {
  const opened = wrap(await openStorage(storage))
  try {
    const vault = await openVault(opened, { identity, pin })
    const remembered = remembers ? rememberedRecord(hostFolder(state, vault.id, 'main')) : undefined
    return await readVault(vault, { host: 'main', remembered })
  } finally {
    await opened.close()
  }
}

test('three listings and five small reads tell everything, however many snapshots there are', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 5; i++) await commitByHand(fixture.vault, [])
  const last = await fixture.backupWell()
  await verifyVault(fixture.vault)
  for (const remembers of [true, false]) {
    let counting: CountingStorage | undefined
    const found = await look(fixture, (storage) => (counting = new CountingStorage(storage)), { remembers })
    expect(counting?.calls).toEqual({ put: 0, upload: 0, read: 5, stat: 0, list: 3 })
    expect(found).toMatchObject({
      lastGood: { runId: last.runId, sequence: 6 },
      checkpoint: undefined,
      hidden: undefined,
      reports: [{ runId: last.runId, outcome: 'completed' }],
      verification: { outcome: 'good', coverage: { objects: 1 } },
      denied: [],
    })
  }
})

test('an empty vault tells that it is', async () => {
  await using fixture = await Fixture.create()
  expect(await look(fixture)).toMatchObject({ lastGood: undefined, reports: [], verification: undefined })
})

test('behind a checkpoint the last good backup is found by its name', async () => {
  await using fixture = await Fixture.create()
  const good = await fixture.backupWell()
  for (let i = 0; i < 2; i++) {
    await fixture.write(`library/${i}.jpg`, `photo ${i}`)
    const stop = new AbortController()
    const stopped = fixture.backup({
      signal: stop.signal,
      onProgress: ({ filesDone }) => filesDone > 0 && stop.abort(),
    })
    await expect(stopped).rejects.toThrow('aborted')
  }
  const found = await look(fixture)
  expect(found.lastGood?.runId).toBe(good.runId)
  expect(found.checkpoint?.complete).toBe(false)
  expect(found.reports.map(({ outcome }) => outcome)).toEqual(['interrupted', 'interrupted', 'completed'])
})

test('of a fork the newest good backup counts, whatever its sequence', async () => {
  await using fixture = await Fixture.create()
  const { vault } = fixture
  await commitByHand(vault, [])
  const before = join(fixture.folder, 'before')
  await cp(vault.path, before, { recursive: true })
  for (let i = 0; i < 2; i++) await commitByHand(vault, [])
  const storage = { type: 'local', path: before } as const
  const elsewhere = { ...vault, path: before, storage, state: join(fixture.folder, 'elsewhere') }
  const newest = await commitByHand(elsewhere, [], { created: new Date(Date.now() + 60_000) })
  await cp(join(before, newest.key), join(vault.path, newest.key))
  const found = await look(fixture, undefined, { remembers: false })
  expect(newest.record.sequence).toBe(2)
  expect(found.lastGood).toEqual(newest.record)
})

test('a damaged record is told, and the one before is found', async () => {
  await using fixture = await Fixture.create()
  const good = await commitByHand(fixture.vault, [])
  const damaged = await commitByHand(fixture.vault, [])
  await writeFile(join(fixture.vault.path, damaged.key), 'nonsense')
  const found = await look(fixture)
  expect(found.lastGood).toEqual(good.record)
  expect(found.damagedRecords).toMatchObject([{ id: { sequence: 2, runId: damaged.record.runId } }])
})

test('a record that this machine remembers and the vault does not show is told', async () => {
  await using fixture = await Fixture.create()
  const good = await commitByHand(fixture.vault, [])
  const hidden = await commitByHand(fixture.vault, [])
  await rm(join(fixture.vault.path, hidden.key))
  const found = await look(fixture)
  expect(found.lastGood).toEqual(good.record)
  expect(found.hidden).toMatchObject({
    message: expect.stringContaining(recordName(hidden.record)),
    hint: expect.stringContaining('Do not prune'),
  })
})

describe('credentials that allow less', () => {
  test.each([
    ['may not list', { list: /^(?:runs|verifications)\// }],
    ['may not read', { read: /^(?:runs|verifications)\// }],
  ])('%s reports and verifications: the backups are told all the same', async (_, refusals) => {
    await using fixture = await Fixture.create()
    const good = await commitByHand(fixture.vault, [])
    await using opened = await openTestVault(fixture.vault)
    await storeRunReport(opened.vault, report({ started: good.record.created }), {})
    await storeVerification(opened.vault, verification(), {})
    expect(await look(fixture, (storage) => new RefusingStorage(storage, refusals))).toMatchObject({
      lastGood: good.record,
      reports: [],
      verification: undefined,
      denied: ['the reports of runs', 'verifications'],
    })
  })
})

test('an odd report is passed over', async () => {
  await using fixture = await Fixture.create()
  const good = await fixture.backupWell()
  await writeFile(join(fixture.vault.path, 'runs/20300101T000000Z-0123456789abcdef'), 'nonsense')
  expect((await look(fixture)).reports).toMatchObject([{ runId: good.runId }])
})

test('a vault of the first version is read, with what it told', async () => {
  const frozen = join(import.meta.dirname, '../../fixtures/vault-v1')
  const identity = await parseIdentity(await readFile(join(frozen, 'identity.txt'), 'utf8'), 'identity.txt')
  const storage = await openStorage({ type: 'local', path: join(frozen, 'vault') })
  const vault = await openVault(storage, { identity })
  expect(await readVault(vault, { host: 'main', remembered: undefined })).toMatchObject({
    lastGood: { sequence: 3 },
    reports: [{ runId: '8d830e4c0a0f9e61' }],
    verification: undefined,
  })
  await storage.close()
})
