/* What changes in the library, or in the vault, after a part is done and before the parts are joined. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Manifest } from '../../../../src/manifest/manifest.ts'
import { importParts } from '../../../../src/runs/backup/parts/importParts.ts'
import { isOfPart } from '../../../../src/runs/backup/parts/part.ts'
import { workingCopy } from '../../../../src/runs/stateFolder.ts'
import { CountingStorage } from '../../../support/countingStorage.ts'
import { Fixture, openAsDestination, recordOf } from '../fixture.ts'
import { endOfPart, fillLibrary, rowsOf, rowsOfSingleRun, takePart } from './partFixture.ts'

/** A folder whose files are those of part 0 of two. */
const [ours = ''] = ['a', 'b', 'c', 'd', 'e', 'f']
  .map((name) => `upload/${name}`)
  .filter((path) => isOfPart(path, { index: 0, of: 2 }))

/** Names of the files that a machine's manifest has rows for, of all times. */
async function filesEver(fixture: Fixture, machine: string): Promise<unknown[]> {
  await using opened = await openAsDestination(fixture.vault, 'main', join(fixture.folder, machine))
  const manifest = new Manifest(workingCopy(opened.folder))
  try {
    return manifest.db.prepare('SELECT name FROM entry WHERE type = 0').pluck().all()
  } finally {
    manifest.close()
  }
}

test('a new folder that is gone again when the parts are joined is not in the snapshot', async () => {
  await using fixture = await Fixture.create()
  await fixture.write(`${ours}/below/1.jpg`, 'photo')
  await fixture.write(`${ours}/1.jpg`, 'photo')
  await takePart(fixture, 0, { of: 2 })
  await fixture.remove(ours)
  await takePart(fixture, 1, { of: 2 })
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
})

test('a new folder in whose place there is a file when the parts are joined', async () => {
  await using fixture = await Fixture.create()
  await fixture.write(`${ours}/below/1.jpg`, 'photo')
  await fixture.write(`${ours}/1.jpg`, 'photo')
  await takePart(fixture, 0, { of: 2 })
  await fixture.remove(ours)
  await fixture.write(ours, 'a file now')
  await takePart(fixture, 1, { of: 2 })
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
  await fixture.expectRestoresTheSame()
})

test('a file in the place of a folder of the snapshot before, and a folder in the place of a file', async () => {
  await using fixture = await Fixture.create()
  await fixture.write(`${ours}/below/1.jpg`, 'photo')
  await fixture.write('library/once', 'a file')
  await fixture.backupWell()
  await fixture.remove(ours)
  await fixture.remove('library/once')
  await fixture.write(ours, 'a file now')
  await fixture.write('library/once/below/2.jpg', 'a photo now')
  for (const index of [0, 1]) await takePart(fixture, index, { of: 2 })
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
  await fixture.expectRestoresTheSame()
})

test('a file that one part has seen, and a folder in its place that another one has', async () => {
  await using fixture = await Fixture.create()
  const [index, other] = isOfPart('upload', { index: 0, of: 2 }) ? [0, 1] : [1, 0]
  const [name = ''] = ['a', 'b', 'c', 'd', 'e', 'f']
    .map((each) => `upload/${each}`)
    .filter((path) => isOfPart(path, { index: other, of: 2 }))
  await fixture.write(name, 'a file')
  await takePart(fixture, index, { of: 2 })
  await fixture.remove(name)
  await fixture.write(`${name}/1.jpg`, 'photo')
  await takePart(fixture, other, { of: 2 })
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
})

test('what another run of the host has learned since is not replaced by what a part knew', async () => {
  await using fixture = await Fixture.create()
  await fixture.backupWell()
  await fixture.write(`${ours}/1.jpg`, 'photo')
  await takePart(fixture, 0, { of: 2 })
  await fixture.write(`${ours}/1.jpg`, 'edited')
  await fixture.backupWell()
  await takePart(fixture, 1, { of: 2 })
  expect(await filesEver(fixture, 'night-1-1')).toHaveLength(3)
})

test('a join that was stopped is taken up where it was: no row is written twice', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await takePart(fixture, 0, { of: 2 })
  const stop = new AbortController()
  const stopped = await endOfPart(fixture, 1, {
    of: 2,
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'checking' && stop.abort(),
  })
  expect(stopped.error).toBeDefined()
  expect(await fixture.records()).toHaveLength(1)
  const machine = 'another'
  const joined = await takePart(fixture, 1, { of: 2, machine })
  expect(await filesEver(fixture, machine)).toHaveLength(recordOf(joined).counts.files)
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
})

test('of a part that found nothing new nothing is fetched', async () => {
  await using fixture = await Fixture.create()
  await fixture.backupWell()
  const { part } = await takePart(fixture, 0, { of: 2 })
  if (!part) throw new Error('the part has no end of its own')
  await using opened = await openAsDestination(fixture.vault)
  const manifest = new Manifest(join(fixture.folder, 'manifest.sqlite'))
  const storage = new CountingStorage(opened.vault.storage)
  await importParts({ ...opened.vault, storage }, manifest, [part.record], 2, fixture.folder, {})
  manifest.close()
  expect(storage.totalCalls).toBe(0)
})
