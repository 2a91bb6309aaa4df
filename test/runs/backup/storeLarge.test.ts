import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateIdentity } from '../../../src/crypto/identity.ts'
import { UploadGoneError } from '../../../src/storage/resumable.ts'
import { exchanged, keysOf } from '../../vault/vaults.ts'
import {
  contentOf,
  interruptedRun,
  newBench,
  pieceSize,
  storedContent,
  storeIn,
  WatchedStorage,
  type Sent,
} from './largeContents.ts'

const bytes = randomBytes(5 * pieceSize + 12_345)
const content = contentOf(bytes)
const pieces = 6

const sum = (sent: readonly Sent[]) => sent.reduce((size, { bytes: { length } }) => size + length, 0)

/** For each upload, and so for each salt: that no byte of it was ever sent with two values. */
function expectOneCiphertext(sent: readonly Sent[]): void {
  const wholes = new Map<string, Buffer>()
  for (const { token, offset, bytes: piece } of sent) {
    const before = wholes.get(token) ?? Buffer.alloc(0)
    const known = before.subarray(offset, offset + piece.length)
    expect(known.equals(piece.subarray(0, known.length))).toBe(true)
    wholes.set(token, Buffer.concat([before.subarray(0, offset), piece]))
  }
}

describe('a large content', () => {
  test('is stored under the key of the run, and a note tells of its upload', async () => {
    const bench = await newBench()
    const run = await bench.run()
    const stored = await storeIn(run, content)
    expect(stored.earlierKey).toBeUndefined()
    expect(bytes.equals(await storedContent(bench, run, content, stored))).toBe(true)
    expect(bench.storage.sent.map(({ bytes: { length } }) => length).slice(0, -1)).toEqual(
      Array.from({ length: pieces - 1 }, () => pieceSize),
    )
    expect(await keysOf(bench.storage, 'uploads/')).toHaveLength(1)
  })

  test('whose upload was interrupted goes on where it stopped, under the key that it has', async () => {
    for (let arrived = 0; arrived <= pieces; arrived++) {
      const bench = await newBench()
      const first = await interruptedRun(bench, content, arrived)
      const second = await bench.run()
      const stored = await storeIn(second, content)
      expect(stored.earlierKey?.id).toBe(Buffer.from(first.key.id).toString('hex'))
      expect(bytes.equals(await storedContent(bench, second, content, stored))).toBe(true)
      expect(bench.storage.sent).toHaveLength(pieces - arrived)
      expect(await keysOf(bench.storage, 'uploads/')).toHaveLength(1)
    }
  })

  test('goes on after a stop in the middle of a piece', async () => {
    const bench = await newBench()
    const stop = new AbortController()
    let arrived = 0
    bench.storage.beforePiece = () => {
      if (++arrived === 4) stop.abort(new Error('SIGTERM'))
    }
    await expect(storeIn(await bench.run(), content, stop.signal)).rejects.toThrow('SIGTERM')
    bench.storage.sent.splice(0)
    const run = await bench.run()
    const stored = await storeIn(run, content)
    expect(bytes.equals(await storedContent(bench, run, content, stored))).toBe(true)
    expect(bench.storage.sent).toHaveLength(3)
  })

  test('of several interrupted uploads the one that got furthest goes on', async () => {
    const bench = await newBench()
    const ids: string[] = []
    for (const arrived of [2, 4, 1]) {
      // Each run is blind to the notes of the others.
      const run = await bench.run({ identity: (await generateIdentity({ postQuantum: false })).identity })
      bench.storage.piecesLeft = arrived
      await expect(storeIn(run, content)).rejects.toThrow('the network is gone')
      ids.push(Buffer.from(run.key.id).toString('hex'))
    }
    bench.storage.piecesLeft = Infinity
    const stored = await storeIn(await bench.run(), content)
    expect(stored.earlierKey?.id).toBe(ids[1])
  })

  test('begins anew when the upload was swept', async () => {
    const bench = await newBench()
    await interruptedRun(bench, content, 3)
    // The note is still there; the storage that it tells of has forgotten.
    const storage = new WatchedStorage(await exchanged(bench.storage, {}))
    const { resumable } = storage
    const run = await bench.run({ storage, resumable })
    const stored = await storeIn(run, content)
    expect(stored.earlierKey).toBeUndefined()
    expect(sum(storage.sent)).toBe(stored.object.size)
  })

  test('begins anew when the upload is swept while it goes on', async () => {
    const bench = await newBench()
    await interruptedRun(bench, content, 3)
    const run = await bench.run()
    const { resumable } = bench.storage
    const swept = {
      ...resumable,
      resume: async (...call: Parameters<typeof resumable.resume>) => {
        const upload = await resumable.resume(...call)
        await upload?.abandon({})
        return upload
      },
    }
    const stored = await storeIn({ ...run, store: { ...run.store, resumable: swept } }, content)
    expect(stored.earlierKey).toBeUndefined()
    expect(bytes.equals(await storedContent(bench, run, content, stored))).toBe(true)
  })

  test('is no orphan where two runs are at one upload: the slower one finds what it would have made', async () => {
    for (const moment of [1, 3, pieces]) {
      const bench = await newBench()
      const slow = await bench.run()
      const fast = await bench.run()
      let arrived = 0
      const overtaken: { stored?: Awaited<ReturnType<typeof storeIn>> } = {}
      bench.storage.beforePiece = async () => {
        if (++arrived !== moment) return
        overtaken.stored = await storeIn(fast, content)
      }
      const stored = await storeIn(slow, content)
      expect(overtaken.stored?.object).toEqual(stored.object)
      expect(overtaken.stored?.earlierKey?.id).toBe(Buffer.from(slow.key.id).toString('hex'))
      expect(bytes.equals(await storedContent(bench, slow, content, stored))).toBe(true)
      expect(await keysOf(bench.storage, 'objects/')).toHaveLength(1)
    }
  })

  test('is told as lost when its upload goes away under the only run that is at it', async () => {
    const bench = await newBench()
    const run = await bench.run()
    const { resumable } = bench.storage
    const swept = {
      ...resumable,
      begin: async (...call: Parameters<typeof resumable.begin>) => {
        const upload = await resumable.begin(...call)
        await upload.abandon({})
        return upload
      },
    }
    const storing = storeIn({ ...run, store: { ...run.store, resumable: swept } }, content)
    await expect(storing).rejects.toBeInstanceOf(UploadGoneError)
  })
})

describe('two plaintexts never meet one salt', () => {
  test('when the file changes between the two readings, nothing of the change is encrypted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (at) => {
        const bench = await newBench()
        const later = Buffer.from(bytes)
        later.writeUInt8(later.readUInt8(at) ^ 1, at)
        await expect(storeIn(await bench.run(), contentOf(bytes, later))).rejects.toMatchObject({
          name: 'UnstableFileError',
        })
        // Whole pieces before the part that changed, at most.
        expect(sum(bench.storage.sent)).toBeLessThanOrEqual(at + pieceSize)
        expect(await keysOf(bench.storage, 'objects/')).toEqual([])
        expect(bench.storage.abandoned).toHaveLength(1)
      }),
      { numRuns: 20 },
    )
  })

  test('when the file changes while an upload goes on, and changes back', async () => {
    const bench = await newBench()
    const { sent } = bench.storage
    const first = await bench.run()
    bench.storage.piecesLeft = 3
    await expect(storeIn(first, content)).rejects.toThrow('the network is gone')
    bench.storage.piecesLeft = Infinity
    const later = Buffer.from(bytes)
    later.fill(7, 4 * pieceSize)
    const changed = storeIn(await bench.run(), contentOf(bytes, later))
    await expect(changed).rejects.toMatchObject({ name: 'UnstableFileError' })
    const run = await bench.run()
    const stored = await storeIn(run, content)
    expect(bytes.equals(await storedContent(bench, run, content, stored))).toBe(true)
    // The upload and its salt were given up.
    expect(stored.earlierKey).toBeUndefined()
    expectOneCiphertext(sent)
  })

  test('when uploads are interrupted again and again', async () => {
    const bench = await newBench()
    const arrivals = [1, 0, 2, 1]
    for (const arrived of arrivals) {
      bench.storage.piecesLeft = arrived
      await expect(storeIn(await bench.run(), content)).rejects.toThrow('the network is gone')
    }
    bench.storage.piecesLeft = Infinity
    const run = await bench.run()
    const stored = await storeIn(run, content)
    expect(bytes.equals(await storedContent(bench, run, content, stored))).toBe(true)
    expectOneCiphertext(bench.storage.sent)
    expect(sum(bench.storage.sent)).toBe(stored.object.size)
  })

  test('each upload that is begun has a salt of its own', async () => {
    const bench = await newBench()
    for (let i = 0; i < 3; i++) {
      const run = await bench.run({ identity: (await generateIdentity({ postQuantum: false })).identity })
      await storeIn(run, content)
    }
    const leads = bench.storage.sent.filter(({ offset }) => offset === 0)
    const salts = leads.map(({ bytes: piece }) => piece.toString('hex', 24, 48))
    expect(new Set(salts).size).toBe(3)
  })
})
