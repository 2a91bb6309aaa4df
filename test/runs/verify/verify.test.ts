import { randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AccessDeniedError } from '../../../src/storage/errors.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { backUp, createTestVault, openTestVault } from '../backedUp.ts'
import { createSmallVault, type SmallVault } from '../sampleVault.ts'
import { flip, keysIn, whileTampered } from './tampering.ts'
import { forgetVerifications, verifyVault } from './verifying.ts'

let vault: SmallVault

beforeAll(async () => {
  vault = await createSmallVault()
})
afterAll(async () => await vault[Symbol.asyncDispose]())
beforeEach(async () => await forgetVerifications(vault))

const total = (): number => keysIn(vault, 'objects/').length + keysIn(vault, 'packs/').length

describe('what is checked', () => {
  test('samples work through the whole vault, the longest unchecked first', async () => {
    const count = total()
    expect(count).toBeGreaterThanOrEqual(3)
    const never: number[] = []
    for (let i = 0; i < count; i++) {
      const { coverage, objects } = await verifyVault(vault, { extent: { objects: 1 } })
      expect(objects).toMatchObject({ total: count, checked: 1, bad: 0 })
      never.push(coverage.read.never)
    }
    expect(never).toEqual(Array.from({ length: count }, (_, i) => count - 1 - i))
  })

  test('coverage names the oldest check, and how much of it is recent', async () => {
    const long = new Date('2026-01-01T12:00:00Z')
    const lately = new Date('2026-06-01T12:00:00Z')
    await verifyVault(vault, { now: () => long })
    const { coverage } = await verifyVault(vault, { extent: { objects: 1 }, now: () => lately })
    expect(coverage.read).toEqual({
      objects: total(),
      never: 0,
      since: long.toISOString(),
      recent: 1,
    })
  })

  test('all of it covers what was there, and not what came later', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['library', 'upload', 'profile']) await writeFolder(folder.path, name)
    const own = await createTestVault(folder.path)
    await backUp(own, folder.path)
    await verifyVault(own)
    await writeFile(join(folder.path, 'library', 'later.jpg'), randomBytes(300_000))
    await backUp(own, folder.path)
    const { coverage } = await verifyVault(own, { extent: { percent: 0.001 }, level: 'list' })
    expect(coverage.read).toMatchObject({ objects: 4, never: 1, recent: 3 })
  })

  test('a branch that was hidden from a check of everything is not covered by it', async () => {
    await using place = await temporaryFolder()
    for (const name of ['library', 'upload', 'profile']) await writeFolder(place.path, name)
    const own = await createTestVault(place.path)
    await backUp(own, place.path)
    await writeFile(join(place.path, 'library', 'seen.jpg'), randomBytes(300_000))
    const seen = await backUp(own, place.path)
    await verifyVault(own)
    const elsewhere = { ...own, state: join(place.path, 'elsewhere') }
    await whileTampered(
      own,
      [seen.key],
      () => undefined,
      async () => {
        await writeFile(join(place.path, 'library', 'hidden.jpg'), randomBytes(300_000))
        expect((await backUp(elsewhere, place.path)).record.sequence).toBe(seen.record.sequence)
      },
    )
    expect((await backUp(elsewhere, place.path)).record.parents).toHaveLength(2)
    const { coverage, outcome } = await verifyVault(own, { level: 'list' })
    // Both branches stored the file that both of them saw as new.
    expect({ outcome, coverage: coverage.read }).toMatchObject({
      outcome: 'good',
      coverage: { objects: 6, never: 2 },
    })
    expect((await verifyVault(own)).coverage.read.never).toBe(0)
  })

  test('comparing checksums is not reading back', async () => {
    const { coverage, level } = await verifyVault(vault, { level: 'checksum' })
    expect(level).toBe('checksum')
    expect(coverage).toMatchObject({ read: { never: total() }, stored: { never: 0 } })
  })

  test('a limit of bytes holds', async () => {
    const { objects, statement } = await verifyVault(vault, { maxBytes: 450_000 })
    expect(objects.checked).toBeLessThan(objects.total)
    expect(objects.bytes).toBeLessThanOrEqual(450_000)
    expect(statement).toMatch(/^\d of \d objects checked|^none of/)
    const { warnings } = await verifyVault(vault, { maxBytes: 50_000 })
    expect(warnings.join()).toMatch(/\d+ objects? larger than what --max-bytes leaves/)
  })
})

describe('damage', () => {
  test('is told by the paths and snapshots that it touches, and looked at again next time', async () => {
    const [key = ''] = keysIn(vault, 'objects/')
    await whileTampered(vault, [key], flip(0.5), async () => {
      const { affected, coverage, statement } = await verifyVault(vault)
      expect(affected.total).toBe(1)
      expect(affected.paths[0]).toMatchObject({ key, inNewest: true })
      expect(affected.paths[0]?.path).toMatch(/^library\/(?:photo|another)\.jpg$/)
      expect(coverage.read).toMatchObject({ never: 1 })
      expect(statement).toContain('1 bad')
      const again = await verifyVault(vault, { extent: { objects: 1 } })
      expect(again.findings.map((finding) => finding.key)).toEqual([key])
    })
    expect((await verifyVault(vault, { extent: { objects: 1 } })).coverage.read.never).toBe(0)
  })

  test('of a pack names every file in it that is lost', async () => {
    const keys = keysIn(vault, 'packs/')
    const { affected } = await whileTampered(vault, keys, flip(-1), async () => await verifyVault(vault))
    expect(affected.paths.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['library/.immich', 'profile/.immich', 'upload/.immich']),
    )
    expect(affected.total).toBe(3)
  })
})

describe('what the credentials and keys allow', () => {
  test('in write-only mode the job compares checksums, and a recovery identity reads back', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['library', 'upload', 'profile']) await writeFolder(folder.path, name)
    const own = await createTestVault(folder.path, { writeOnly: true })
    await backUp(own, folder.path)
    const byJob = await verifyVault(own)
    expect(byJob).toMatchObject({ level: 'checksum', outcome: 'good', coverage: { read: { never: 3 } } })
    expect(byJob.warnings).toContainEqual(expect.stringContaining('write-only'))
    const byOwner = await verifyVault(own, { identity: own.recovery })
    expect(byOwner).toMatchObject({ level: 'read', outcome: 'good', coverage: { read: { never: 0 } } })
  })

  test('a verification that may not be noted is told, and is good all the same', async () => {
    await using opened = await openTestVault(vault)
    const storage = refusing(opened.vault.storage)
    const result = await verifyVault(vault, { vault: { ...opened.vault, storage } })
    expect(result).toMatchObject({ outcome: 'good', exitCode: 0, document: undefined })
    expect(result.warnings).toContainEqual(expect.stringContaining('could not be noted'))
    expect(await readdir(join(vault.path, 'verifications'))).toEqual([])
  })

  test('one that is stopped notes what it has done', async () => {
    const stop = new AbortController()
    const stopped = verifyVault(vault, {
      signal: stop.signal,
      onProgress: ({ phase, objectsDone, objectsTotal }) => {
        if (phase === 'objects' && objectsDone === objectsTotal) stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    const { coverage } = await verifyVault(vault, { extent: { objects: 1 }, level: 'list' })
    expect(coverage.read.never).toBe(0)
  })
})

async function writeFolder(root: string, name: string): Promise<void> {
  await mkdir(join(root, name))
  await writeFile(join(root, name, 'photo.jpg'), randomBytes(300_000))
}

/** A storage whose credentials may create nothing. */
function refusing(storage: Storage): Storage {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'put' || name === 'upload') {
        return async () => await Promise.reject(new AccessDeniedError('these credentials only read'))
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
