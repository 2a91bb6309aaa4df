import { execFileSync } from 'node:child_process'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fixture } from './fixture.ts'

test('a folder that is not there is told, and nothing of it is archived', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/photo.jpg', 'photo')
  await fixture.backupWell()
  await rename(fixture.path('upload'), fixture.path('not mounted'))
  await fixture.write('library/new.jpg', 'new')
  const result = await fixture.backup()
  expect(result.exitCode).toBe(3)
  expect(result.tally.changes).toMatchObject({ added: 1, archived: 0, unreadable: 1 })
  expect(result.tally.examples).toEqual([
    { kind: 'unreadable', path: 'upload', reason: 'the folder is not there; is it mounted?' },
  ])
  expect(await fixture.names()).toContain('upload/photo.jpg')
  await rename(fixture.path('not mounted'), fixture.path('upload'))
  await fixture.backupWell()
  await fixture.expectRestoresTheSame()
})

test('a folder that is no longer included is archived, and comes back for nothing', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/a/photo.jpg', 'photo')
  await fixture.backupWell()
  const result = await fixture.backup({ sources: fixture.sources('library') })
  expect(result.tally.changes).toMatchObject({ archived: 2 })
  expect(await fixture.names()).toEqual(['library/.immich'])
  expect(await fixture.names('1')).toContain('upload/a/photo.jpg')
  await fixture.backupWell()
  expect(await fixture.names()).toContain('upload/a/photo.jpg')
  await fixture.expectRestoresTheSame()
})

test('further folders lie under their names, a link to one is followed', async () => {
  await using fixture = await Fixture.create()
  const [dam, link] = [join(fixture.folder, 'dam'), join(fixture.folder, 'link')]
  await mkdir(join(dam, 'in'), { recursive: true })
  await writeFile(join(dam, 'in', 'raw.dng'), 'raw')
  await symlink(dam, link)
  const sources = [
    ...fixture.sources('library'),
    { treePath: 'sources/dam', root: dam, immich: false },
    { treePath: 'sources/link', root: link, immich: false },
  ]
  await fixture.backupWell({ sources })
  const names = ['library/.immich', 'sources/dam/in/raw.dng', 'sources/link/in/raw.dng']
  expect(await fixture.names()).toEqual(names)
  await fixture.backup({ sources: sources.slice(0, 2) })
  expect(await fixture.names()).toEqual(names.slice(0, 2))
  await fixture.expectWhole()
})

test('what fits a pattern to ignore is left out, and archived where it was there before', async () => {
  await using fixture = await Fixture.create()
  for (const name of ['a.jpg', '.DS_Store', 'cache/b.jpg', 'deep/.DS_Store'])
    await fixture.write(`library/${name}`, name)
  await fixture.backupWell()
  const ignore = ['**/.DS_Store', 'library/cache']
  await fixture.backup({ ignore })
  expect(await fixture.names()).toEqual(['library/.immich', 'library/a.jpg', 'upload/.immich'])
  expect((await fixture.paths(undefined, { folders: true })).has('library/cache')).toBe(false)
  await fixture.backupWell({ ignore: [] })
  await fixture.expectRestoresTheSame()
})

test('a dump that Immich is writing is left out', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('backups/immich-db-backup-1.sql.gz', 'whole')
  await fixture.write('backups/immich-db-backup-2.sql.gz.tmp', 'half')
  await fixture.backupWell({ sources: fixture.sources('backups') })
  expect(await fixture.names()).toEqual(['backups/immich-db-backup-1.sql.gz'])
})

test('another file system below a folder is crossed, unless it is not to be', async () => {
  await using fixture = await Fixture.create()
  const mounted = fixture.path('library/mounted')
  await mkdir(mounted)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted])
  try {
    await fixture.write('library/mounted/there.jpg', 'there')
    await fixture.write('library/here.jpg', 'here')
    await fixture.backupWell()
    expect(await fixture.names()).toContain('library/mounted/there.jpg')
    const result = await fixture.backup({ oneFileSystem: true })
    expect(await fixture.names()).toEqual(['library/.immich', 'library/here.jpg', 'upload/.immich'])
    expect(result.tally.examples).toEqual([
      { kind: 'skipped', path: 'library/mounted', reason: 'another file system' },
    ])
  } finally {
    execFileSync('umount', [mounted])
  }
})

test('a run of the database alone leaves the files as they were', async () => {
  await using fixture = await Fixture.create()
  await fixture.write('upload/photo.jpg', 'photo')
  await fixture.backupWell()
  await fixture.remove('upload/photo.jpg')
  const record = await fixture.backupWell({ only: 'database' })
  expect(record.counts.files).toBe(3)
  expect(await fixture.names()).toContain('upload/photo.jpg')
})
