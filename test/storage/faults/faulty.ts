/*
 * What every backend that is reached over a network goes through: the storage contract and a whole backup, before a server
 * that breaks its word at random.
 */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { withIdleTimeout } from '../../../src/storage/idle.ts'
import { withLimit } from '../../../src/storage/limit.ts'
import { openStorage } from '../../../src/storage/open.ts'
import type { StorageOptions } from '../../../src/storage/options.ts'
import { withRetry, type RetryPolicy } from '../../../src/storage/retry.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { Random } from '../../support/random.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { Fixture } from '../../runs/backup/fixture.ts'
import { verifyVault } from '../../runs/verify/verifying.ts'
import { cancelling } from '../conformance/cancelling.ts'
import { checkOn, type Check } from '../conformance/check.ts'
import { creating } from '../conformance/creating.ts'
import { keys } from '../conformance/keys.ts'
import { listing } from '../conformance/listing.ts'
import { reading } from '../conformance/reading.ts'
import { uploading } from '../conformance/uploading.ts'
import { whole } from '../conformance/whole.ts'
import { collect } from '../streams.ts'
import { settling } from './settling.ts'

/** An empty place behind a faulty connection. */
export interface FaultyPlace extends AsyncDisposable {
  /** What opens it through the faults, and without them. */
  faulty: StorageOptions
  direct: StorageOptions
  /** How many faults there were, so that nobody takes a peaceful hour for a proof. */
  faults: () => number
}

/** `everything`: what makes a caller wait for nothing, too; `quick`: only what shows at once. */
export type Severity = 'everything' | 'quick'

/** A backend under test. */
export interface FaultyBackend {
  /** Whether it goes on with interrupted uploads. */
  resumable: boolean
  /** What of the contract it keeps with faults as well. Without: all of it. */
  keeps?: readonly (keyof typeof contract)[]
  /** After how many milliseconds without a byte a connection counts as broken: more than making one takes. */
  idleMs: number
  /** @param seed the same one gives the same faults. */
  place(severity: Severity, seed: number): Promise<FaultyPlace>
  /** The backend alone, with so much patience. */
  open(options: StorageOptions, patience: { retry: RetryPolicy; idleMs: number }): Promise<Storage>
}

/** The parts of the storage contract. */
const contract = { creating, uploading, cancelling, reading, listing, keys, whole }

const impatient: RetryPolicy = { tries: 12, firstDelayMs: 1, maxDelayMs: 20, budgetMs: 60_000 }

/** Adds the tests. */
export function throughFaults(backend: FaultyBackend): void {
  describe('the storage contract, with faults of every kind', () => {
    let seed = 0
    const check = checkOn(async () => {
      const place = await backend.place('everything', ++seed)
      const storage = await openImpatiently(backend, place)
      return {
        storage,
        reopen: async () => await openImpatiently(backend, place),
        // What the lost answer to its beginning told of, nobody can remove: it is a leftover to be swept.
        leftovers: async () => [],
        async [Symbol.asyncDispose]() {
          await storage.close()
          await place[Symbol.asyncDispose]()
        },
      }
    })
    const kept = backend.keeps ?? (Object.keys(contract) as (keyof typeof contract)[])
    for (const part of kept) contract[part](check)
    if (backend.resumable) goingOn(check)
  })

  test('a whole backup ends complete, with the same vault as on a disk without faults', async () => {
    await using disk = await temporaryFolder()
    await using place = await backend.place('quick', 2)
    const smooth: StorageOptions = { type: 'local', path: disk.path }
    const expected = await backedUp(smooth, smooth)
    const found = await backedUp(place.direct, place.faulty)
    expect(place.faults()).toBeGreaterThan(0)
    expect(found).toEqual(expected)
  }, 180_000)
}

/** As the program opens a storage, but with less patience. */
async function openImpatiently(backend: FaultyBackend, { faulty }: FaultyPlace): Promise<Storage> {
  const { idleMs } = backend
  const bare = await backend.open(faulty, { retry: impatient, idleMs })
  return settling(withLimit(withRetry(withIdleTimeout(bare, idleMs), impatient)))
}

function goingOn(check: Check): void {
  check('a large upload goes on in another process', async (storage, subject) => {
    const again = await subject.reopen?.()
    if (!storage.resumable || !again?.resumable) throw new Error('it does not go on')
    const { partSize: pieceSize } = storage.capabilities
    const bytes = randomBytes(3 * pieceSize + 7)
    const options = { kind: 'content', size: bytes.length, pieceSize } as const
    const first = await storage.resumable.begin('film', options)
    await first.append(bytes.subarray(0, pieceSize), {})
    await first.append(bytes.subarray(pieceSize, 2 * pieceSize), {})
    const second = await again.resumable.resume('film', first.token, options)
    for (let at = 0; at < bytes.length; at += pieceSize) {
      await second?.append(bytes.subarray(at, at + pieceSize), {})
    }
    await second?.complete({})
    expect(bytes.equals(await collect(again.read('film')))).toBe(true)
    await again.close()
  })
}

/** Backs a library up through `faulty`, proves by `direct` that all is there, and tells what. */
async function backedUp(direct: StorageOptions, faulty: StorageOptions) {
  await using fixture = await Fixture.create({ storage: direct })
  await fillLibrary(fixture)
  fixture.vault.storage = faulty
  const { changes } = await fixture.backupWell()
  fixture.vault.storage = direct
  await fixture.expectRestoresTheSame()
  expect(await verifyVault(fixture.vault, { level: 'list' })).toMatchObject({ findings: [] })
  return { changes, paths: await fixture.paths(), objects: await objectSizes(direct) }
}

/** Photos, sidecars, and a film that goes in parts. The same ones each time. */
async function fillLibrary(fixture: Fixture): Promise<void> {
  const random = new Random(7)
  for (let n = 0; n < 150; n++) {
    await fixture.write(
      `upload/${n % 10}/${n}.jpg`,
      Buffer.alloc(random.integer(260_000, 400_000), `photo ${n}`),
    )
    if (n % 5 === 0) await fixture.write(`upload/${n % 10}/${n}.xmp`, `sidecar ${n}`)
  }
  await fixture.write('library/film.mp4', Buffer.alloc(20_000_000, 'film'))
}

/** How large each object is; their names differ from vault to vault. */
async function objectSizes(options: StorageOptions): Promise<Record<string, number[]>> {
  const storage = await openStorage(options)
  const sizes: Record<string, number[]> = {}
  for (const folder of ['objects', 'packs', 'keys']) {
    const listed = await Array.fromAsync(storage.list(`${folder}/`), ({ size }) => size)
    sizes[folder] = listed.toSorted((a, b) => a - b)
  }
  await storage.close()
  return sizes
}
