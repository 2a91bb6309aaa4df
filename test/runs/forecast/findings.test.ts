/* What a dry run finds, on real files and a real vault. */
import { appendFile, chmod, mkdir, utimes } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { DryRun } from '../../../src/runs/backup/plan.ts'
import { Random } from '../../support/random.ts'
import { Fixture, recordOf, type Wishes } from '../backup/fixture.ts'

const random = new Random(41)

async function dryRun(fixture: Fixture, wishes: Wishes = {}): Promise<DryRun> {
  const { dryRun: found } = await fixture.backup({ ...wishes, dryRun: true })
  if (!found) throw new Error('it was no dry run')
  return found
}

/** Gives a file a time that a change of its content is hidden behind. */
async function age(path: string): Promise<void> {
  const time = new Date('2024-05-01T12:00:00.500Z')
  await utimes(path, time, time)
}

async function photos(fixture: Fixture, folder: string, count: number, size = 300_000): Promise<void> {
  for (let i = 0; i < count; i++) await fixture.write(`${folder}/${i}.jpg`, random.bytes(size + i))
}

test('a first backup finds everything new, the largest first, with nothing odd about markers; the next one finds nothing', async () => {
  await using fixture = await Fixture.create()
  await photos(fixture, 'upload/a', 3)
  await fixture.write('upload/a/0.xmp', 'sidecar')
  const { findings, survey } = await dryRun(fixture)
  expect(findings).toEqual({
    added: { files: 6, bytes: 900_003 + 7 + 26 },
    changed: { files: 0, bytes: 0 },
    moved: { files: 0, bytes: 0 },
    gone: { files: 0, bytes: 0 },
    largest: [
      { path: 'upload/a/2.jpg', bytes: 300_002 },
      { path: 'upload/a/1.jpg', bytes: 300_001 },
      { path: 'upload/a/0.jpg', bytes: 300_000 },
      { path: expect.stringContaining('/.immich') as string, bytes: 13 },
      { path: expect.stringContaining('/.immich') as string, bytes: 13 },
    ],
    odd: [],
  })
  expect(survey).toMatchObject({ stored: { content: { objects: 0 } }, added: { content: { objects: 4 } } })

  await fixture.backupWell()
  const next = await dryRun(fixture)
  const none = { files: 0, bytes: 0 }
  expect(next.findings).toEqual({ added: none, changed: none, moved: none, gone: none, largest: [], odd: [] })
  expect(next.survey.added.content.objects).toBe(0)
})

test('moved files are told from new and gone ones, and of equal size and time no more are moved than are gone', async () => {
  await using fixture = await Fixture.create()
  await photos(fixture, 'upload/a/b/c', 4)
  await photos(fixture, 'upload/d', 2, 400_000)
  const sameAge = async (path: string): Promise<void> => {
    await fixture.write(path, random.bytes(1000))
    await age(fixture.path(path))
  }
  await sameAge('upload/d/twin.jpg')
  await fixture.backupWell()
  await fixture.move('upload/a', 'library/moved')
  await fixture.move('upload/d/0.jpg', 'upload/d/renamed.jpg')
  await fixture.move('upload/d/twin.jpg', 'library/twin.jpg')
  await sameAge('library/other-twin.jpg')
  await fixture.remove('upload/d/1.jpg')
  await fixture.write('upload/d/new.jpg', random.bytes(500_000))
  const { findings, survey } = await dryRun(fixture)
  expect(findings).toMatchObject({
    added: { files: 2, bytes: 501_000 },
    moved: { files: 6, bytes: 4 * 300_000 + 6 + 401_000 },
    gone: { files: 1, bytes: 400_001 },
    largest: [{ path: 'upload/d/new.jpg', bytes: 500_000 }],
  })
  expect(survey.added.content.objects).toBe(2)
  expect(recordOf(await fixture.backup()).changes).toMatchObject({ added: 8, archived: 7, storedContents: 2 })
})

test('what is odd is told with examples, the gravest first; a source that is named no more is gone', async () => {
  await using fixture = await Fixture.create()
  await photos(fixture, 'library/a', 3)
  await fixture.write('library/a/0.xmp', 'sidecar')
  const path = (name: string): string => fixture.path(`library/a/${name}`)
  for (const name of ['0.jpg', '0.xmp']) await age(path(name))
  await mkdir(`${fixture.folder}/dam/deep`, { recursive: true })
  await appendFile(`${fixture.folder}/dam/deep/1.raw`, 'raw')
  const dam = { treePath: 'sources/dam', root: `${fixture.folder}/dam`, immich: false }
  await fixture.backupWell({ sources: [...fixture.sources('library', 'upload'), dam] })
  for (const name of ['0.jpg', '0.xmp']) {
    await appendFile(path(name), 'more')
    await age(path(name))
  }
  await fixture.write('library/a/1.jpg', random.bytes(1_300_000))
  await fixture.write('library/a/1.xmp', 'a new sidecar')
  await chmod(path('2.jpg'), 0o600)
  await fixture.write('upload/broken.jpg', '')
  await fixture.write('upload/early.jpg', 'early')
  await utimes(fixture.path('upload/early.jpg'), new Date(), new Date('2131-01-01'))
  const { findings } = await dryRun(fixture)
  expect(findings.changed.files).toBe(4)
  expect(findings.gone).toEqual({ files: 1, bytes: 3 })
  expect(findings.odd).toEqual([
    { kind: 'sizeOnly', files: 2, bytes: 300_004 + 11, examples: ['library/a/0.jpg', 'library/a/0.xmp'] },
    { kind: 'original', files: 2, bytes: 1_600_004, examples: ['library/a/0.jpg', 'library/a/1.jpg'] },
    { kind: 'metadataOnly', files: 1, bytes: 300_002, examples: ['library/a/2.jpg'] },
    { kind: 'empty', files: 1, bytes: 0, examples: ['upload/broken.jpg'] },
    { kind: 'future', files: 1, bytes: 5, examples: ['upload/early.jpg'] },
  ])
})
