import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { s3Server } from '../../support/s3Server.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture } from './fixture.ts'
import {
  addFilm,
  killedOnDisk,
  killedOnDrive,
  killedOnGcs,
  killedOnS3,
  killedOnSftp,
  type GoneOn,
} from './killedNearEnd.ts'

const megabytes = 256

const places: Record<string, () => Promise<GoneOn>> = {
  S3: async () => await killedOnS3(await s3Server(), megabytes),
  'a local disk': async () => await killedOnDisk(megabytes),
  'Google Cloud Storage': async () => await killedOnGcs(megabytes),
  'Google Drive': async () => await killedOnDrive(megabytes),
  SFTP: async () => await killedOnSftp(megabytes),
}

describe('an upload that was killed at 90 % goes on elsewhere, and sends at most one piece again', () => {
  test.each(Object.entries(places))(
    'to %s',
    async (_place, killed) => {
      const { sentAgain, allowed } = await killed()
      expect(sentAgain).toBeGreaterThan(0)
      expect(sentAgain).toBeLessThan(allowed)
    },
    300_000,
  )
})

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
