import { expect, test } from 'vitest'
import { recordKey } from '../../src/vault/layout.ts'
import type { SnapshotRecord } from '../../src/vault/record.ts'
import {
  commitRecord,
  headsOf,
  listRecords,
  readRecord,
  readRecords,
  recordName,
  requireHead,
  restorePoints,
  storeJson,
  type StoredRecord,
} from '../../src/vault/snapshots.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { bytesOf, exchanged, newVault } from './vaults.ts'

function draft(sequence: number, run: number, parents: StoredRecord[], complete = true): SnapshotRecord {
  return {
    version: 1,
    host: 'main',
    runId: run.toString(16).padStart(16, '0'),
    sequence,
    parents: parents.map(({ record, sha256 }) => ({
      sequence: record.sequence,
      runId: record.runId,
      sha256: sha256.toString('hex'),
    })),
    started: new Date(sequence * 1000).toISOString(),
    created: new Date(sequence * 1000 + run).toISOString(),
    complete,
    program: 'safelight test',
    immich: null,
    postgres: null,
    manifests: [{ key: 'm', kind: 'full', size: 1, sha256: '0'.repeat(64), plaintextSize: 1, sequence }],
    database: null,
    restorePoint: null,
    keys: [],
    heads: {},
    counts: { files: 0, bytes: 0, directories: 0, symlinks: 0 },
    changes: {
      added: 0,
      changed: 0,
      archived: 0,
      storedContents: 0,
      storedBytes: 0,
      unreadable: 0,
      unstable: 0,
      deferred: 0,
    },
    crossCheck: null,
    sharpDrop: false,
    warnings: [],
  }
}

async function commit(vault: Vault, ...args: Parameters<typeof draft>): Promise<StoredRecord> {
  return await commitRecord(vault, draft(...args), {})
}

function names(records: readonly StoredRecord[]): string[] {
  return records.map(({ record }) => `${record.sequence}-${Number.parseInt(record.runId, 16)}`)
}

test('a record comes back as it was committed, and the listing begins where it is asked to', async () => {
  const { vault } = await newVault()
  const first = await commit(vault, 1, 1, [])
  const second = await commit(vault, 2, 2, [first])
  expect(await readRecord(vault, 'main', second.record, {})).toEqual(second)
  expect((await listRecords(vault, 'main', 0, {})).map(recordName)).toEqual(
    [first, second].map((r) => recordName(r.record)),
  )
  expect(await listRecords(vault, 'main', 2, {})).toHaveLength(1)
  expect(await listRecords(vault, 'main', 3, {})).toEqual([])
  expect(await listRecords(vault, 'other', 0, {})).toEqual([])
})

test('a record that says that it is another one is refused', async () => {
  const { vault } = await newVault()
  const record = draft(1, 1, [])
  await storeJson(vault, recordKey('main', 2, record.runId), record, {})
  await expect(readRecord(vault, 'main', { ...record, sequence: 2 }, {})).rejects.toThrow(
    'belongs elsewhere: it is main 1-0000000000000001',
  )
})

test('records of more than nine sequences are listed in order', async () => {
  const { vault } = await newVault()
  let parent: StoredRecord[] = []
  for (const sequence of [1, 2, 9, 10, 11, 99, 100, 1000])
    parent = [await commit(vault, sequence, sequence, parent)]
  const ids = await listRecords(vault, 'main', 0, {})
  expect(ids.map(({ sequence }) => sequence)).toEqual([1, 2, 9, 10, 11, 99, 100, 1000])
  expect((await listRecords(vault, 'main', 10, {})).map(({ sequence }) => sequence)).toEqual([
    10, 11, 99, 100, 1000,
  ])
})

test('what does not look like a record is no record', async () => {
  const { vault, storage } = await newVault()
  await commit(vault, 1, 1, [])
  for (const name of [
    '1-0000000000000001',
    '0000000001-0000000000000001.bak',
    '0000000001-000000000000000G',
    'x',
  ])
    await storage.put(`hosts/main/snapshots/${name}`, Buffer.of(1), { kind: 'index' })
  expect(await listRecords(vault, 'main', 0, {})).toHaveLength(1)
})

test('two records of one sequence are both heads, until one follows both', async () => {
  const { vault } = await newVault()
  const root = await commit(vault, 1, 1, [])
  const [a, b] = [await commit(vault, 2, 2, [root]), await commit(vault, 2, 3, [root])]
  const longer = await commit(vault, 3, 2, [a])
  expect(names(headsOf([root, a, b]))).toEqual(['2-3', '2-2'])
  expect(names(headsOf([root, a, b, longer]))).toEqual(['3-2', '2-3'])
  const merged = await commit(vault, 4, 4, [longer, b])
  const all = await readRecords(vault, 'main', await listRecords(vault, 'main', 0, {}), {})
  expect(names(headsOf(all))).toEqual([names([merged])[0]])
})

test('checkpoints are no restore points', async () => {
  const { vault } = await newVault()
  const first = await commit(vault, 1, 1, [])
  const checkpoint = await commit(vault, 2, 2, [first], false)
  expect(names(restorePoints([first, checkpoint]))).toEqual(['1-1'])
})

test('what follows a record is newer, though the clock of that run was wrong', async () => {
  const { vault } = await newVault()
  const future = { ...draft(1, 1, []), created: '2099-01-01T00:00:00.000Z' }
  const first = await commitRecord(vault, future, {})
  const checkpoint = await commit(vault, 2, 2, [first], false)
  const third = await commit(vault, 3, 3, [checkpoint])
  const fork = await commit(vault, 3, 4, [checkpoint])
  expect(names(restorePoints([first, checkpoint, third]))).toEqual(['3-3', '1-1'])
  expect(names(headsOf([third, first, fork, checkpoint]))).toEqual(['3-4', '3-3'])
})

test('a head that the vault does not show is missed by whoever remembers it', () => {
  const known = { sequence: 3, runId: '0'.repeat(16) }
  expect(() => requireHead([known], known, 'me')).not.toThrow()
  for (const ids of [[], [{ ...known, sequence: 2 }], [{ ...known, runId: '1'.repeat(16) }]])
    expect(() => requireHead(ids, known, 'the last notification')).toThrow(
      expect.objectContaining({
        exitCode: 10,
        message:
          'the vault does not show snapshot record 3-0000000000000000, which the last notification remembers',
      }),
    )
})

test('a record in another’s place, of another host, altered, or gone is refused', async () => {
  const { vault, storage } = await newVault()
  const first = await commit(vault, 1, 1, [])
  const second = await commit(vault, 2, 2, [first])
  const bytes = await bytesOf(storage, first.key)
  const altered = Buffer.from(bytes)
  altered.writeUInt8(altered.readUInt8(200) ^ 4, 200)
  const read = async (replaced: Record<string, Uint8Array | undefined>, host = 'main') =>
    await readRecord({ ...vault, storage: await exchanged(storage, replaced) }, host, second.record, {})
  await expect(read({ [second.key]: bytes })).rejects.toMatchObject({ name: 'DecryptionError' })
  await expect(read({ [second.key]: altered })).rejects.toMatchObject({ name: 'DecryptionError' })
  await expect(read({ [second.key]: bytes.subarray(0, 90) })).rejects.toMatchObject({
    name: 'DecryptionError',
  })
  await expect(read({ [second.key]: undefined })).rejects.toMatchObject({ name: 'ObjectMissingError' })
  const moved = second.key.replace('/main/', '/other/')
  await expect(read({ [moved]: await bytesOf(storage, second.key) }, 'other')).rejects.toMatchObject({
    name: 'DecryptionError',
  })
})

test('a record that lies about its own place is refused', async () => {
  const { vault, storage } = await newVault()
  const honest = await commit(vault, 1, 1, [])
  const other = await newVault()
  const foreign = await commit(other.vault, 1, 1, [])
  const planted = await exchanged(storage, { [honest.key]: await bytesOf(other.storage, foreign.key) })
  await expect(readRecord({ ...vault, storage: planted }, 'main', honest.record, {})).rejects.toMatchObject({
    name: 'DecryptionError',
  })
})

test('a record can’t be committed twice with other words', async () => {
  const { vault } = await newVault()
  await commit(vault, 1, 1, [])
  await expect(commit(vault, 1, 1, [], false)).rejects.toMatchObject({ name: 'ForeignObjectError' })
})

test('a record that makes no sense is never written', async () => {
  const { vault } = await newVault()
  await expect(commitRecord(vault, { ...draft(1, 1, []), manifests: [] }, {})).rejects.toThrow(/manifests/)
  await expect(commitRecord(vault, { ...draft(1, 1, []), sequence: 0 }, {})).rejects.toThrow(/sequence/)
  const [one] = draft(1, 1, []).manifests
  if (!one) throw new Error('no manifest')
  const tooMany = { ...draft(1, 1, []), manifests: Array.from({ length: 32 }, () => one) }
  await expect(commitRecord(vault, tooMany, {})).rejects.toThrow(/manifests/)
})
