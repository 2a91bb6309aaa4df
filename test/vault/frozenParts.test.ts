import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parseIdentity } from '../../src/crypto/identity.ts'
import { backupPart } from '../../src/runs/backup/parts/backupPart.ts'
import type { BackupResult } from '../../src/runs/backup/plan.ts'
import { openSnapshot } from '../../src/runs/openSnapshot.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { SnapshotRecord } from '../../src/vault/record.ts'
import { listRecords, readRecords } from '../../src/vault/snapshots.ts'
import { openVault, type Vault, type VaultPin } from '../../src/vault/vault.ts'
import { planWith } from '../runs/backedUp.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'

const frozen = join(import.meta.dirname, '../fixtures/vault-v1-parts')

interface Expected {
  pin: VaultPin
  /** When all files were modified. */
  modified: string
  files: Record<string, string>
  /** Of the snapshot that two parts became. */
  first: Pick<SnapshotRecord, 'sequence' | 'runId' | 'parts' | 'counts' | 'crossCheck'>
  /** Of part 0 of the next one, which waits for part 1. */
  waiting: SnapshotRecord
}

const expected = JSON.parse(await readFile(join(frozen, 'expected.json'), 'utf8')) as Expected

/** A copy of the vault, open, and the library as it was. */
async function openFrozen() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder()).path
  const path = join(folder, 'vault')
  await cp(join(frozen, 'vault'), path, { recursive: true })
  for (const [name, content] of Object.entries(expected.files)) {
    const file = join(folder, 'data', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
    await utimes(file, new Date(expected.modified), new Date(expected.modified))
  }
  const identity = await parseIdentity(await readFile(join(frozen, 'identity.txt'), 'utf8'), 'identity.txt')
  const storage = { type: 'local', path } as const
  const opened = await openStorage(storage)
  stack.defer(async () => await opened.close())
  const vault = await openVault(opened, { identity, pin: expected.pin })
  const kept = stack.move()
  return { folder, storage, vault, identity, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Takes part 1 of the backup whose part 0 waits, as a run of today. */
async function takeOtherPart({ folder, vault, storage, identity }: Awaited<ReturnType<typeof openFrozen>>) {
  const root = join(folder, 'data')
  const plan = planWith({
    sources: ['library', 'upload', 'profile'].map((treePath) => ({
      treePath,
      root: join(root, treePath),
      immich: true,
    })),
    compare: ['size', 'mtime'],
  })
  const destination = {
    name: 'disk',
    open: async () => ({
      vault,
      storage,
      identity,
      recipients: [identity.recipient],
      folder: join(folder, 'state'),
      heads: () => ({}),
      [Symbol.asyncDispose]: async () => undefined,
    }),
  }
  const [end] = await backupPart({ ...plan, part: { job: 'night-2', index: 1, of: 2 } }, [destination])
  if (!end?.result) throw end?.error
  return end.result
}

async function recordsOf(vault: Vault, host: string): Promise<SnapshotRecord[]> {
  return (await readRecords(vault, host, await listRecords(vault, host, 0, {}), {})).map(
    ({ record }) => record,
  )
}

async function filesOf(vault: Vault, folder: string): Promise<string[]> {
  await using snapshot = await openSnapshot(vault, { host: 'main', choice: {}, knownHeads: [], folder })
  return [...snapshot.view.filesByContent()].map(({ entry }) => entry.path).sort()
}

test('the records of parts that Safelight 0.1.0 wrote are read as they were meant', async () => {
  await using opened = await openFrozen()
  expect(await recordsOf(opened.vault, 'main')).toMatchObject([expected.first])
  expect((await recordsOf(opened.vault, 'main-part-0-of-2')).at(-1)).toEqual(expected.waiting)
})

test('a part of today and one of Safelight 0.1.0 become a snapshot, with the dump and the check against it', async () => {
  await using opened = await openFrozen()
  const result: BackupResult = await takeOtherPart(opened)
  const { added, storedContents } = expected.waiting.changes
  expect(result.snapshot?.record).toMatchObject({
    sequence: 2,
    database: expected.waiting.database,
    crossCheck: expected.first.crossCheck,
    counts: { files: Object.keys(expected.files).length },
    changes: { added: added + 1, storedContents: storedContents + 1 },
  })
  expect(await filesOf(opened.vault, opened.folder)).toEqual(Object.keys(expected.files).sort())
})
