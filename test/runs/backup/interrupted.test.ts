import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { s3Server } from '../../support/s3Server.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture } from './fixture.ts'
import { addFilm, killedOnDisk, killedOnS3 } from './killedNearEnd.ts'

const megabytes = 256
const memoryLimit = 300e6

test('an upload to S3 that was killed at 90 % goes on elsewhere, and sends at most one piece again', async () => {
  const { sentAgain, allowed, maxRss } = await killedOnS3(await s3Server(), megabytes)
  expect(sentAgain).toBeGreaterThan(0)
  expect(sentAgain).toBeLessThan(allowed)
  expect(maxRss).toBeLessThan(memoryLimit)
}, 120_000)

test('so does one to a local disk', async () => {
  const { sentAgain, allowed, maxRss } = await killedOnDisk(megabytes)
  expect(sentAgain).toBeGreaterThan(0)
  expect(sentAgain).toBeLessThan(allowed)
  expect(maxRss).toBeLessThan(memoryLimit)
}, 120_000)

test('in write-only mode there is no note, since nobody could go on with it', async () => {
  for (const writeOnly of [false, true]) {
    await using fixture = await Fixture.create({ writeOnly })
    await addFilm(fixture, 70)
    await fixture.backupWell()
    expect(existsSync(join(fixture.vault.path, 'uploads'))).toBe(!writeOnly)
    expect(keysIn(fixture.vault, 'objects')).toHaveLength(1)
  }
}, 60_000)

test('a film that is found again is not sent again, and its note troubles nobody', async () => {
  await using fixture = await Fixture.create()
  await addFilm(fixture, 70)
  await fixture.backupWell()
  await fixture.move('library/film.mp4', 'upload/film.mp4')
  rmSync(fixture.vault.state, { recursive: true })
  const { changes } = await fixture.backupWell()
  expect(changes.storedContents).toBe(0)
  await fixture.expectWhole()
}, 60_000)
