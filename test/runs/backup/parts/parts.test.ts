/* Several machines take the parts of one backup; it comes to the same as when one takes it all. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOfPart } from '../../../../src/runs/backup/parts/part.ts'
import { commitByHand } from '../../handmade.ts'
import { keysIn } from '../../verify/tampering.ts'
import { Fixture, recordOf } from '../fixture.ts'
import { endOfPart, fillLibrary, rowsOf, rowsOfSingleRun, takePart } from './partFixture.ts'

test('each directory falls to exactly one part', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (path, of) => {
      const takers = Array.from({ length: of }, (_, index) => isOfPart(path, { index, of }))
      expect(takers.filter((takes) => takes)).toEqual([true])
    }),
  )
})

test('the last of four parts makes the snapshot, with every row that a single run makes', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  for (const [index, missing] of [
    [2, [0, 1, 3]],
    [0, [1, 3]],
    [3, [1]],
  ] as const) {
    const result = await takePart(fixture, index)
    expect(result).toMatchObject({ exitCode: 0, snapshot: undefined, part: { missing } })
    expect(result.tally.changes.added).toBeGreaterThan(0)
  }
  const last = await takePart(fixture, 1)
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
  const record = recordOf(last)
  expect(record).toMatchObject({ sequence: 1, complete: true, sharpDrop: false, warnings: [] })
  // Every file was read by one part, and every content stored by one, a twin in two parts apart.
  expect(record.changes.added).toBe(record.counts.files)
  expect(record.parts?.records).toHaveLength(4)
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('the parts of the next night store what is new, and it becomes the next snapshot', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  for (const index of [0, 1, 2, 3]) await takePart(fixture, index)
  await fixture.write('upload/new/1.jpg', Buffer.alloc(40_000, 'new'))
  await fixture.write('library/2003/3.jpg', Buffer.alloc(40_000, 'edited'))
  await fixture.move('library/2004', 'library/moved')
  await fixture.remove('library/2005')
  await fixture.remove('library/link')
  for (const index of [3, 2, 1]) await takePart(fixture, index, { job: 'night-2' })
  const record = recordOf(await takePart(fixture, 0, { job: 'night-2' }))
  expect(record).toMatchObject({ sequence: 2, changes: { added: 2, changed: 1, archived: 3 } })
  expect(record.changes.storedContents).toBe(2)
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
  await fixture.expectRestoresTheSame()
  await fixture.expectWhole()
})

test('a backup as ever goes on from a snapshot of parts, and parts from one of a single run', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  for (const index of [0, 1]) await takePart(fixture, index, { of: 2 })
  const single = await fixture.backupWell()
  expect(single).toMatchObject({ sequence: 2, changes: { added: 0, changed: 0, storedContents: 0 } })
  await fixture.write('upload/late/1.jpg', 'late')
  for (const index of [0, 1, 2]) await takePart(fixture, index, { job: 'night-2', of: 3 })
  const [, , joined] = await fixture.records()
  expect(joined?.record).toMatchObject({ sequence: 3, changes: { added: 1, storedContents: 1 } })
  await fixture.expectRestoresTheSame()
})

test('a part that is taken once more finds that it is done, and touches nothing', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await takePart(fixture, 0, { of: 2 })
  const before = keysIn(fixture.vault, '')
  expect(await takePart(fixture, 0, { of: 2, machine: 'another' })).toMatchObject({ part: { missing: [1] } })
  expect(keysIn(fixture.vault, '')).toEqual(before)
})

test('a part that comes after the snapshot was made tells that snapshot, and makes none', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await takePart(fixture, 0, { of: 2 })
  const made = recordOf(await takePart(fixture, 1, { of: 2 }))
  expect(recordOf(await takePart(fixture, 0, { of: 2, machine: 'another' }))).toEqual(made)
  expect(await fixture.records()).toHaveLength(1)
})

test('of two that see all parts at the same time one makes the snapshot, and both tell it', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  for (const index of [0, 1]) await takePart(fixture, index, { of: 3 })
  // The third is done, but dies before it looks at the others.
  const stop = new AbortController()
  let openings = 0
  const died = await endOfPart(fixture, 2, {
    of: 3,
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'opening' && ++openings === 2 && stop.abort(),
  })
  expect(died.error).toBeDefined()
  expect(await fixture.records()).toEqual([])
  const ends = await Promise.all(
    [0, 1, 2].map((index) => takePart(fixture, index, { of: 3, machine: `again-${index}` })),
  )
  expect(new Set(ends.map((end) => recordOf(end).runId)).size).toBe(1)
  expect(await fixture.records()).toHaveLength(1)
  await fixture.expectWhole()
})

test('what a job that never came to its end has stored and read is not stored or read again', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await fixture.backupWell()
  for (let i = 0; i < 12; i++)
    await fixture.write(`upload/more-${i}/1.jpg`, Buffer.alloc(40_000, `more ${i}`))
  const first = await takePart(fixture, 0, { of: 2 })
  expect(first.tally.changes.added).toBeGreaterThan(0)
  // Another run of the host came between, so the part has to begin from its snapshot.
  await commitByHand(fixture.vault, [])
  const again = await takePart(fixture, 0, { job: 'night-2', of: 2 })
  expect(again.tally.changes).toMatchObject({ added: 0, changed: 0, storedContents: 0 })
  await takePart(fixture, 1, { job: 'night-2', of: 2 })
  expect(await rowsOf(fixture.vault, fixture.folder)).toEqual(await rowsOfSingleRun(fixture))
})

test('a part that was stopped goes on from its checkpoint on another machine', async () => {
  await using fixture = await Fixture.create()
  for (let i = 0; i < 40; i++) await fixture.write(`upload/${i}/1.jpg`, Buffer.alloc(300_000, `photo ${i}`))
  const stop = new AbortController()
  const stopped = await endOfPart(fixture, 0, {
    of: 2,
    signal: stop.signal,
    checkpointEvery: { ms: 0, bytes: 1 },
    onProgress: ({ phase, filesDone }) => phase === 'storing' && filesDone >= 4 && stop.abort(),
  })
  expect(stopped.error).toBeDefined()
  const objects = keysIn(fixture.vault, 'objects').length
  expect(objects).toBeGreaterThan(0)
  await takePart(fixture, 0, { of: 2, machine: 'another' })
  await takePart(fixture, 1, { of: 2 })
  // What was on its way when the part was stopped may have been stored in vain.
  expect(keysIn(fixture.vault, 'objects').length).toBeLessThan(40 + objects)
  await fixture.expectRestoresTheSame()
})

test('a machine that loses its state between its part and the join loses nothing else', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  for (const index of [0, 1]) await takePart(fixture, index, { of: 3 })
  await rm(join(fixture.folder, 'night-1-0'), { recursive: true })
  const record = recordOf(await takePart(fixture, 2, { of: 3, machine: 'night-1-0' }))
  expect(record.changes.added).toBe(record.counts.files)
  await fixture.expectRestoresTheSame()
})

test('a file that comes when its part is done is taken by whoever joins the parts', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await takePart(fixture, 0, { of: 2 })
  const [ours] = ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) =>
    isOfPart(`upload/${name}`, { index: 0, of: 2 }),
  )
  await fixture.write(`upload/${ours}/late.jpg`, 'late')
  const record = recordOf(await takePart(fixture, 1, { of: 2 }))
  expect(record.changes.added).toBe(record.counts.files)
  await fixture.expectRestoresTheSame()
})

test('a file that can not be read is told once, by whoever joins the parts', async () => {
  await using fixture = await Fixture.create()
  await fillLibrary(fixture)
  await takePart(fixture, 0, { of: 2 })
  const source = { treePath: 'profile', root: fixture.path('profile'), immich: true }
  const sources = [...fixture.sources('library', 'upload'), source]
  const last = await takePart(fixture, 1, { of: 2, sources })
  expect(last).toMatchObject({ exitCode: 3, tally: { changes: { unreadable: 1 } } })
})
