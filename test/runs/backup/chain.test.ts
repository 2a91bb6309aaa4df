/* How the snapshots of a host follow one another: lost state, forks, checkpoints, stops. */
import { cp, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { Manifest } from '../../../src/manifest/manifest.ts'
import { hostFolder } from '../../../src/runs/stateFolder.ts'
import { lockFolder } from '../../../src/state/folderLock.ts'
import { Random } from '../../support/random.ts'
import { fileHash } from '../../support/tree.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture, recordOf } from './fixture.ts'

const random = new Random(5)
const photo = () => random.bytes(270_000)
const always = { ms: 0, bytes: 1 }

function folderOf({ vault }: Fixture, state = vault.state): string {
  return hostFolder(state, vault.pin.id, 'main')
}

test('the state directory may be lost: the manifest comes from the vault', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 5; i++) {
    await fixture.write(`upload/${i}.jpg`, photo())
    await fixture.backupWell()
  }
  await rm(fixture.vault.state, { recursive: true })
  const record = await fixture.backupWell()
  expect(record.changes).toMatchObject({ added: 0, changed: 0, storedContents: 0 })
  expect(record).toMatchObject({ sequence: 6, parents: [{ sequence: 5 }] })
  await fixture.expectRestoresTheSame()
})

test('a damaged working copy is told, with what to do about it', async () => {
  await using fixture = await Fixture.create()
  await fixture.backupWell()
  const file = join(folderOf(fixture), 'manifest.sqlite')
  await writeFile(file, 'damaged')
  await expect(fixture.backup()).rejects.toMatchObject({
    name: 'UserError',
    message: `${file} is damaged`,
    hint: expect.stringContaining('Remove it'),
  })
  await rm(file)
  await fixture.backupWell()
  const size = (await stat(file)).size
  const pages = await open(file, 'r+')
  await pages.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
  await pages.close()
  await expect(fixture.backup()).rejects.toMatchObject({ name: 'UserError', message: `${file} is damaged` })
})

test('an older state directory that comes back does not hide what was backed up since', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/1.jpg', photo())
  await fixture.backupWell()
  const older = join(fixture.folder, 'older')
  await cp(fixture.vault.state, older, { recursive: true })
  await fixture.write('upload/2.jpg', photo())
  await fixture.backupWell()
  const record = await fixture.backupWell({ state: older })
  expect(record).toMatchObject({ sequence: 3, parents: [{ sequence: 2 }] })
  expect(record.changes).toMatchObject({ added: 0, storedContents: 0 })
})

test('what a killed run left of the working copy does not get into the one that takes its place', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 20; i++) await fixture.write(`upload/${i}.jpg`, `photo ${i}`)
  await fixture.backupWell()
  await fixture.write('upload/new.jpg', photo())
  await fixture.backupWell({ state: join(fixture.folder, 'other') })
  const file = join(folderOf(fixture), 'manifest.sqlite')
  // Its log stays as long as somebody else, `status` for one, has the file open.
  const reader = new Sqlite(file, { readonly: true })
  reader.prepare('SELECT count(*) FROM entry').get()
  const killed = new Manifest(file)
  killed.transaction(() => {
    for (let i = 0; i < 2000; i++) killed.setLocalNote(`note ${i}`, 'x'.repeat(1000))
  })
  killed.close()
  const record = await fixture.backupWell()
  expect(record).toMatchObject({ sequence: 3, changes: { added: 0, changed: 0, storedContents: 0 } })
  const after = new Manifest(file)
  expect(after.localNote('note 1')).toBeUndefined()
  expect(after.db.pragma('integrity_check', { simple: true })).toBe('ok')
  after.close()
  reader.close()
  await fixture.expectRestoresTheSame()
})

test('a vault that hides a record which this machine knows is refused', async () => {
  await using fixture = await Fixture.create()
  await fixture.backupWell()
  await fixture.backupWell()
  const [, newest = ''] = keysIn(fixture.vault, 'hosts/main/snapshots')
  await rm(join(fixture.vault.path, newest))
  await expect(fixture.backup()).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 10,
    message: expect.stringContaining('the vault does not show snapshot record 2-'),
  })
})

test('two runs at once from two machines give two good snapshots, and both are followed', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/1.jpg', photo())
  await fixture.write('library/2.jpg', photo())
  const other = join(fixture.folder, 'other')
  const [a, b] = await Promise.all([
    fixture.backupWell(),
    fixture.backupWell({ state: other, sources: fixture.sources('library') }),
  ])
  expect([a.sequence, b.sequence]).toEqual([1, 1])
  for (const { sequence, runId } of [a, b]) await fixture.restore(`of-${runId}`, `${sequence}-${runId}`)
  await fixture.expectWhole()

  const next = await fixture.backupWell()
  expect(next.sequence).toBe(2)
  expect(next.parents.map(({ runId }) => runId)).toEqual([a.runId, b.runId])
  expect(next.changes).toMatchObject({ added: 0, changed: 0, storedContents: 0 })
  await fixture.expectRestoresTheSame()
  const after = await fixture.backupWell({ state: other })
  expect(after.parents.map(({ runId }) => runId)).toEqual([next.runId])
  await fixture.expectWhole()
})

test('contents that only the other branch of a fork has are not stored again', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/1.jpg', photo())
  await fixture.write('library/2.jpg', photo())
  const other = join(fixture.folder, 'other')
  await Promise.all([
    fixture.backup({ sources: fixture.sources('upload') }),
    fixture.backup({ state: other, sources: fixture.sources('library') }),
  ])
  const record = await fixture.backupWell()
  expect(record.parents).toHaveLength(2)
  expect(record.changes).toMatchObject({ storedContents: 0 })
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('a fork whose other branch has the lower sequence is followed as well', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 6; i++) await fixture.write(`upload/${i}.jpg`, photo())
  await fixture.write('library/small.jpg', 'small')
  const other = join(fixture.folder, 'other')
  const [long, short] = await Promise.all([
    fixture.backup({ checkpointEvery: always, sources: fixture.sources('upload') }),
    fixture.backup({ state: other, sources: fixture.sources('library') }),
  ])
  expect(recordOf(long).sequence).toBeGreaterThan(recordOf(short).sequence)
  const next = await fixture.backupWell()
  expect(next.parents.map(({ runId }) => runId)).toEqual([recordOf(long).runId, recordOf(short).runId])
  expect(next.changes).toMatchObject({ storedContents: 0 })
  expect((await fixture.backupWell()).parents).toHaveLength(1)
  await fixture.expectRestoresTheSame()
})

test('a run that is stopped commits a checkpoint, from which another machine goes on', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 40; i++) await fixture.write(`upload/${i}.jpg`, photo())
  const stop = new AbortController()
  const stopped = fixture.backup({
    signal: stop.signal,
    onProgress: ({ phase, filesDone }) => {
      if (phase === 'storing' && filesDone >= 10) stop.abort()
    },
  })
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  const [checkpoint] = await fixture.records()
  expect(checkpoint?.record).toMatchObject({ sequence: 1, complete: false })
  expect(checkpoint?.record.counts.files).toBeGreaterThanOrEqual(10)
  await expect(fixture.names()).rejects.toThrow(/no complete snapshot yet/)

  await rm(fixture.vault.state, { recursive: true })
  const record = await fixture.backupWell()
  const held = checkpoint?.record.counts.files ?? 0
  expect(record.changes.added).toBe(42 - held)
  expect(record.changes.storedContents).toBeLessThanOrEqual(41 - 10)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('checkpoints on the way are no restore points, and hide no snapshot', async () => {
  await using fixture = await Fixture.create()
  await fixture.backupWell()
  for (let i = 0; i < 12; i++) await fixture.write(`upload/${i}.jpg`, photo())
  const record = await fixture.backupWell({ checkpointEvery: always })
  const records = await fixture.records()
  expect(records.length).toBeGreaterThanOrEqual(3)
  expect(records.filter(({ record: { complete } }) => complete)).toHaveLength(2)
  expect(records.map(({ record: { sequence } }) => sequence)).toEqual(records.map((_, i) => i + 1))
  expect(record.restorePoint).toMatchObject({ sequence: 1, files: 2 })
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('a chain of manifests never has more than 31, and every snapshot stays what it was', async () => {
  await using fixture = await Fixture.create()
  const expected: string[][] = []
  for (let i = 0; i < 40; i++) {
    await fixture.write(`upload/${i}.jpg`, `photo ${i}`)
    if (i % 7 === 6) await fixture.remove(`upload/${i - 3}.jpg`)
    await fixture.backup()
    const names = Array.from({ length: i + 1 }, (_, j) => j)
      .filter((j) => j % 7 !== 3 || j + 3 > i)
      .map((j) => `upload/${j}.jpg`)
    expected.push(['library/.immich', 'upload/.immich', ...names].sort())
  }
  const chains = (await fixture.records()).map(({ record }) => record.manifests)
  expect(Math.max(...chains.map((chain) => chain.length))).toBeLessThanOrEqual(31)
  for (const chain of chains)
    expect(chain.map(({ kind }) => kind).indexOf('delta', 1)).toBe(chain.length > 1 ? 1 : -1)
  for (const i of [0, 5, 6, 13, 20, 29, 30, 31, 35, 39])
    expect(await fixture.names(String(i + 1))).toEqual(expected[i])
  await fixture.expectRestoresTheSame()
}, 180_000)

test('a second run with the same state directory is refused, one with another is not', async () => {
  await using fixture = await Fixture.create()
  await mkdir(folderOf(fixture), { recursive: true })
  using _held = lockFolder(folderOf(fixture), () => new Error('held'))
  await expect(fixture.backup()).rejects.toMatchObject({ name: 'UserError', exitCode: 11 })
  await fixture.backupWell({ state: join(fixture.folder, 'other') })
  await fixture.backupWell({ host: 'second' })
})

test('a run leaves nothing temporary behind', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/1.jpg', photo())
  await fixture.backupWell()
  await rm(fixture.vault.state, { recursive: true })
  await fixture.backupWell()
  const left = (await readdir(folderOf(fixture))).filter((name) => !/^(lock|manifest)\.sqlite/.test(name))
  expect(left).toEqual([])
  expect(keysIn(fixture.vault, 'tmp')).toEqual([])
})

test('a dry run says what there is to do and changes nothing', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/1.jpg', photo())
  await fixture.write('upload/2.jpg', photo())
  await fixture.backupWell()
  await fixture.write('upload/1.jpg', photo())
  await fixture.write('upload/3.jpg', photo())
  await fixture.remove('upload/2.jpg')
  const before = keysIn(fixture.vault)
  const manifest = join(folderOf(fixture), 'manifest.sqlite')
  const known = await fileHash(manifest, 'sha256')
  const result = await fixture.backup({ dryRun: true })
  expect(result).toMatchObject({ exitCode: 0, snapshot: undefined, toRead: { files: 2, bytes: 540_000 } })
  expect(result.tally.changes.archived).toBe(1)
  expect(keysIn(fixture.vault)).toEqual(before)
  expect(await fileHash(manifest, 'sha256')).toBe(known)
  const record = recordOf(await fixture.backup())
  expect(record.changes).toMatchObject({ added: 1, changed: 1, archived: 1 })
})

test('a write-only vault takes backups that its own identity cannot read, and a recovery identity can', async () => {
  await using fixture = await Fixture.create({ writeOnly: true })
  await fixture.write('upload/1.jpg', photo())
  await fixture.backupWell()
  await rm(fixture.vault.state, { recursive: true })
  const record = await fixture.backupWell()
  expect(record.changes).toMatchObject({ added: 0, storedContents: 0 })
  await expect(fixture.restore('own')).rejects.toThrow(/kind: 'locked'/)
  const restored = await fixture.restore('recovered', undefined, fixture.vault.recovery)
  expect(await fileHash(join(restored, 'upload/1.jpg'), 'sha256')).toBe(
    await fileHash(fixture.path('upload/1.jpg'), 'sha256'),
  )
})
