import { utimes } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Random } from '../../support/random.ts'
import { keysIn } from '../verify/tampering.ts'
import { Fixture, recordOf } from './fixture.ts'

const random = new Random(1)
const photo = () => random.bytes(300_000)

async function library(): Promise<Fixture> {
  const fixture = await Fixture.create()
  await fixture.write('library/ada/2024/a.jpg', photo())
  await fixture.write('library/ada/2024/b.jpg', photo())
  await fixture.write('library/ada/2025/c.jpg', photo())
  await fixture.write('library/ada/2025/c.jpg.xmp', '<xmp/>')
  return fixture
}

describe('a backup', () => {
  test('of a library that was never backed up holds all of it', async () => {
    await using fixture = await library()
    const record = await fixture.backupWell()
    expect(record).toMatchObject({
      sequence: 1,
      complete: true,
      parents: [],
      database: null,
      sharpDrop: false,
    })
    expect(record.counts).toMatchObject({ files: 6, symlinks: 0, directories: 5 })
    expect(record.changes).toMatchObject({ added: 6, changed: 0, archived: 0 })
    await fixture.expectRestoresTheSame()
    await fixture.expectWhole()
  })

  test('with nothing new stores a record and a report, and nothing else', async () => {
    await using fixture = await library()
    const first = await fixture.backupWell()
    const before = keysIn(fixture.vault)
    const second = await fixture.backupWell()
    const added = keysIn(fixture.vault).filter((key) => !before.includes(key))
    expect(added.map((key) => key.split('/').slice(0, -1).join('/'))).toEqual([
      'hosts/main/snapshots',
      'runs',
    ])
    expect(second.manifests).toEqual(first.manifests)
    expect(second.counts).toEqual(first.counts)
    expect(second.parents).toMatchObject([{ sequence: 1, runId: first.runId }])
    await fixture.expectRestoresTheSame()
    await fixture.expectWhole()
  })

  test('after a folder was moved stores no content', async () => {
    await using fixture = await library()
    await fixture.backupWell()
    const contents = () => [...keysIn(fixture.vault, 'objects'), ...keysIn(fixture.vault, 'packs')]
    const before = contents()
    await fixture.move('library/ada', 'library/Ada')
    await fixture.move('library/Ada/2024', 'upload/2024')
    const record = await fixture.backupWell()
    expect(record.changes).toMatchObject({ added: 4, archived: 4, storedContents: 0, storedBytes: 0 })
    expect(contents()).toEqual(before)
    await fixture.expectRestoresTheSame()
  })

  test('after edits and deletions holds what is there, and the one before what was there', async () => {
    await using fixture = await library()
    await fixture.backupWell()
    await fixture.write('library/ada/2024/a.jpg', photo())
    await fixture.remove('library/ada/2024/b.jpg')
    await fixture.remove('library/ada/2025')
    const { record } = (await fixture.backup()).snapshot ?? {}
    expect(record?.changes).toMatchObject({ added: 0, changed: 1, archived: 3, storedContents: 1 })
    expect(await fixture.names()).toEqual(['library/.immich', 'library/ada/2024/a.jpg', 'upload/.immich'])
    expect(await fixture.names('1')).toEqual([
      'library/.immich',
      'library/ada/2024/a.jpg',
      'library/ada/2024/b.jpg',
      'library/ada/2025/c.jpg',
      'library/ada/2025/c.jpg.xmp',
      'upload/.immich',
    ])
    await fixture.expectRestoresTheSame()
    await fixture.expectWhole()
  })

  test('reads a file again that was only touched, and stores nothing', async () => {
    await using fixture = await library()
    await fixture.backupWell()
    await utimes(fixture.path('library/ada/2024/a.jpg'), new Date(), new Date(1_500_000_000_123))
    const record = await fixture.backupWell()
    expect(record.changes).toMatchObject({ changed: 1, storedContents: 0 })
    await fixture.expectRestoresTheSame()
  })

  test('notices a change that kept size and modification time', async () => {
    await using fixture = await library()
    const path = fixture.path('library/ada/2024/a.jpg')
    const time = new Date(1_600_000_000_000)
    await utimes(path, time, time)
    await fixture.backupWell()
    await fixture.write('library/ada/2024/a.jpg', photo())
    await utimes(path, time, time)
    const record = await fixture.backupWell()
    expect(record.changes).toMatchObject({ changed: 1, storedContents: 1 })
    await fixture.expectRestoresTheSame()
  })

  test('does not look at what it is told not to compare', async () => {
    await using fixture = await library()
    const time = new Date(1_600_000_000_000)
    const path = fixture.path('library/ada/2024/a.jpg')
    await utimes(path, time, time)
    await fixture.backupWell()
    await utimes(path, new Date(), time)
    const record = await fixture.backupWell({ compare: ['size', 'mtime'] })
    expect(record.changes).toMatchObject({ added: 0, changed: 0 })
  })

  test('after a folder became a file, and a file a folder', async () => {
    await using fixture = await library()
    await fixture.backupWell()
    await fixture.remove('library/ada/2025')
    await fixture.write('library/ada/2025', 'a file now')
    await fixture.remove('library/ada/2024/a.jpg')
    await fixture.write('library/ada/2024/a.jpg/inside.jpg', photo())
    await fixture.backup()
    expect(await fixture.names()).toEqual([
      'library/.immich',
      'library/ada/2024/a.jpg/inside.jpg',
      'library/ada/2024/b.jpg',
      'library/ada/2025',
      'upload/.immich',
    ])
    await fixture.expectRestoresTheSame()
    expect(await fixture.names('1')).toContain('library/ada/2025/c.jpg.xmp')
  })

  test('brings a file back that was gone for a while, without storing it again', async () => {
    await using fixture = await library()
    await fixture.backupWell()
    await fixture.move('library/ada/2024', '2024')
    await fixture.backup()
    expect(await fixture.names()).not.toContain('library/ada/2024/a.jpg')
    await fixture.move('2024', 'library/ada/2024')
    const record = await fixture.backupWell()
    expect(record.changes).toMatchObject({ added: 2, storedContents: 0 })
    await fixture.expectRestoresTheSame()
  })

  test('counts what a sharp drop took, once', async () => {
    await using fixture = await library()
    for (let i = 0; i < 14; i++) await fixture.write(`upload/u/${i}.jpg`, `photo ${i}`)
    await fixture.backupWell()
    await fixture.remove('library/ada/2025/c.jpg.xmp')
    await fixture.backupWell()
    await fixture.remove('upload/u/1.jpg')
    await fixture.remove('upload/u/2.jpg')
    const dropped = await fixture.backup()
    expect(dropped.exitCode).toBe(3)
    expect(dropped.warnings).toEqual(['files dropped sharply, from 19 to 17, since snapshot 2'])
    expect(recordOf(dropped)).toMatchObject({ sharpDrop: true, warnings: dropped.warnings })
    await fixture.backupWell()
  })
})
