/* Backups to Google Drive, whose names are not unique: all the threads of a run create there at once. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { drivePlace, treeOf, type DrivePlace } from '../../support/drive.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { Fixture } from './fixture.ts'

test('a library is backed up to Drive, by two machines in turn, and restored from there', async () => {
  await using place = await drivePlace()
  // What was just made is found by its id alone, as often in Drive.
  place.server.files.indexIsLate = true
  await using fixture = await Fixture.create({ storage: place.options })
  for (let i = 0; i < 24; i++) {
    await fixture.write(`library/a/${i}.jpg`, randomBytes(300_000))
    await fixture.write(`upload/b/${i}.xmp`, `sidecar ${i}`)
  }
  await fixture.write('library/film.mp4', randomBytes(20 * 1024 * 1024))
  await fixture.backupWell()
  expectTidy(place)

  await using elsewhere = await temporaryFolder()
  place.server.files.notIndexed.clear()
  await fixture.write('library/a/more.jpg', randomBytes(300_000))
  await fixture.backupWell({ state: elsewhere.path })
  expectTidy(place)
  expect(treeOf(place.server).filter((path) => /hosts\/main\/snapshots\/./.test(path))).toHaveLength(2)

  await fixture.expectWhole()
  await fixture.expectRestoresTheSame()
})

/** Nothing has two names, nothing had to be withdrawn, and no upload is left. */
function expectTidy({ server }: DrivePlace): void {
  const paths = treeOf(server)
  expect(paths.length).toBeGreaterThan(25)
  expect(new Set(paths).size).toBe(paths.length)
  expect(server.files.trashed()).toEqual([])
  expect(server.sessions.unfinished).toBe(0)
}
