import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findSnapshot, openSnapshot, type KnownHead } from '../../src/runs/openSnapshot.ts'
import { namedSnapshot, type SnapshotChoice } from '../../src/runs/chooseSnapshot.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { recordName, type StoredRecord } from '../../src/vault/snapshots.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { createTestVault, openTestVault, type TestVault } from './backedUp.ts'
import { commitByHand } from './handmade.ts'

/** Days of July 2026 on which a snapshot was committed; the last one is a checkpoint. */
const days = [1, 2, 3, 5, 6]
const dayOf = (day: number, hour = 0): Date => new Date(Date.UTC(2026, 6, day, hour))

let base: Awaited<ReturnType<typeof temporaryFolder>>
let vault: TestVault
let committed: StoredRecord[]
beforeAll(async () => {
  base = await temporaryFolder()
  vault = await createTestVault(base.path)
  committed = []
  for (const day of days) {
    const file = { directory: 'library', name: `${day}.jpg`, bytes: Buffer.from(`photo ${day}`) }
    committed.push(await commitByHand(vault, [file], { created: dayOf(day), complete: day !== days.at(-1) }))
  }
})
afterAll(async () => await base[Symbol.asyncDispose]())

interface Opened {
  name: string
  paths: string[]
  warnings: string[]
  /** What was left in the folder for temporary files, while it was open and after. */
  temporary: [number, number]
}

async function open(choice: SnapshotChoice = {}, knownHeads: KnownHead[] = []): Promise<Opened> {
  await using opened = await openTestVault(vault)
  await using folder = await temporaryFolder()
  const left = (): number => readdirSync(folder.path).length
  let found: Omit<Opened, 'temporary'>
  let during: number
  {
    await using snapshot = await openSnapshot(opened.vault, {
      host: 'main',
      choice,
      knownHeads,
      folder: folder.path,
    })
    const { record, view, warnings } = snapshot
    found = { name: recordName(record), paths: [...view.entries()].map(({ path }) => path), warnings }
    during = left()
  }
  return { ...found, temporary: [during, left()] }
}

function name(i: number): string {
  const record = committed[i]?.record
  if (!record) throw new Error(`nothing was committed as number ${i}`)
  return recordName(record)
}

/** Changes an object behind the program's back for as long as `work` takes. */
async function without<T>(key: string, work: () => Promise<T>): Promise<T> {
  const path = join(vault.path, key)
  const bytes = readFileSync(path)
  chmodSync(path, 0o644)
  writeFileSync(path, Buffer.from(bytes).fill(0, 100, 110))
  try {
    return await work()
  } finally {
    rmSync(path)
    writeFileSync(path, bytes)
  }
}

describe('which snapshot', () => {
  test('the newest complete one, unless one is named; checkpoints are passed over', async () => {
    const { name: opened, paths, temporary } = await open()
    expect(opened).toBe(name(3))
    expect(paths.sort()).toEqual(['library/1.jpg', 'library/2.jpg', 'library/3.jpg', 'library/5.jpg'])
    expect(temporary).toEqual([1, 0])
  })

  test('by sequence, in full, and by the first digits of the run', async () => {
    const runId = committed[1]?.record.runId ?? ''
    for (const words of ['2', name(1), `2-${runId.slice(0, 6)}`, runId, runId.slice(0, 8)]) {
      const { name: opened, paths } = await open({ snapshot: words })
      expect(opened).toBe(name(1))
      expect(paths.sort()).toEqual(['library/1.jpg', 'library/2.jpg'])
    }
  })

  test('a wrong clock makes no snapshot the newest one, and none that of another day', async () => {
    await using place = await temporaryFolder()
    const other = await createTestVault(place.path)
    for (const [i, created] of [
      dayOf(1),
      new Date('2099-01-01'),
      dayOf(3),
      new Date(0),
      dayOf(5),
    ].entries()) {
      const file = { directory: 'library', name: `${i + 1}.jpg`, bytes: Buffer.from(`photo ${i}`) }
      await commitByHand(other, [file], { created })
    }
    await using opened = await openTestVault(other)
    const sequenceOf = async (choice: SnapshotChoice): Promise<number> =>
      (await findSnapshot(opened.vault, { host: 'main', choice, knownHeads: [] })).record.sequence
    expect(await sequenceOf({})).toBe(5)
    expect(await sequenceOf({ at: dayOf(2) })).toBe(1)
    expect(await sequenceOf({ at: dayOf(4) })).toBe(3)
    expect(await sequenceOf({ at: dayOf(6) })).toBe(5)
  })

  test('a checkpoint can be named, and says that it is one', async () => {
    const { warnings } = await open({ snapshot: '5' })
    expect(warnings.join()).toContain('is a checkpoint of a run that had not ended')
  })

  test('the newest one at a time', async () => {
    expect((await open({ at: dayOf(4) })).name).toBe(name(2))
    expect((await open({ at: dayOf(3) })).name).toBe(name(2))
    expect((await open({ at: dayOf(2, 23) })).name).toBe(name(1))
    expect((await open({ at: dayOf(30) })).name).toBe(name(3))
    await expect(open({ at: new Date(0) })).rejects.toThrow(
      'no complete snapshot of 1970-01-01T00:00:00.000Z or before',
    )
  })

  test('words that name nothing, or several, are refused', () => {
    const ids = [
      { sequence: 7, runId: 'aaaa000000000000' },
      { sequence: 8, runId: 'aaaa000000000000' },
      { sequence: 8, runId: 'aaaab00000000000' },
      { sequence: 70, runId: 'bbbb000000000000' },
    ]
    expect(() => namedSnapshot(ids, '9')).toThrow('there is no snapshot 9')
    expect(() => namedSnapshot(ids, '8')).toThrow('8-aaaa000000000000, 8-aaaab00000000000')
    expect(() => namedSnapshot(ids, 'aaaa')).toThrow('can mean several')
    expect(() => namedSnapshot(ids, '')).toThrow('there is no snapshot')
    expect(namedSnapshot(ids, '7')).toEqual(ids[0])
    expect(namedSnapshot(ids, 'aaaa0')).toEqual(ids[1])
    expect(namedSnapshot(ids, '8-aaaa0')).toEqual(ids[1])
  })
})

describe('what somebody remembers', () => {
  test('a head that the vault shows is fine, and no warning is needed', async () => {
    const head = committed[4]?.record ?? { sequence: 0, runId: '' }
    expect((await open({}, [{ head, rememberedBy: 'the state directory' }])).warnings).toEqual([])
  })

  test('a head that it does not show refuses the vault', async () => {
    const hidden = { head: { sequence: 6, runId: '0123456789abcdef' }, rememberedBy: '--expect-head' }
    await expect(open({}, [hidden])).rejects.toMatchObject({
      message: expect.stringContaining('6-0123456789abcdef, which --expect-head remembers') as string,
      exitCode: exitCodes.noVault,
    })
  })

  test('without one, the reader is told', async () => {
    expect((await open()).warnings.join()).toContain('remembers no snapshot of this vault')
  })
})

describe('damage', () => {
  test('a lost manifest is told with the snapshots that do without it', async () => {
    const lost = committed[2]?.record.manifests.at(-1)?.key ?? ''
    await without(lost, async () => {
      const opening = open()
      await expect(opening).rejects.toThrow(`its manifest ${lost} is lost`)
      await expect(opening).rejects.toMatchObject({ hint: expect.stringContaining(name(1)) as string })
      await expect(opening).rejects.not.toMatchObject({ hint: expect.stringContaining(name(2)) as string })
      expect((await open({ snapshot: '2' })).name).toBe(name(1))
    })
  })

  test('a damaged newest record is told, with the one before it', async () => {
    await without(committed[3]?.key ?? '', async () => {
      const opening = open()
      await expect(opening).rejects.toThrow(`snapshot ${name(3)} can't be read`)
      await expect(opening).rejects.toMatchObject({ hint: expect.stringContaining(name(2)) as string })
    })
  })

  test("a damaged older record is in nobody's way", async () => {
    await without(committed[1]?.key ?? '', async () => {
      expect((await open()).name).toBe(name(3))
      expect((await open({ at: dayOf(4) })).name).toBe(name(2))
    })
  })
})
