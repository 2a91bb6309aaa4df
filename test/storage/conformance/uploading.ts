import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { ObjectMissingError, StorageError } from '../../../src/storage/errors.ts'
import { collect, keysOf, pieces } from '../streams.ts'
import { type Check, checkFailingUpload, content, index, kilobyte, megabyte } from './check.ts'

export function uploading(check: Check): void {
  describe('upload', () => {
    const around: [string, (partSize: number) => number][] = [
      ['no byte', () => 0],
      ['one byte', () => 1],
      ['one byte less than a part', (partSize) => partSize - 1],
      ['exactly a part', (partSize) => partSize],
      ['one byte more than a part', (partSize) => partSize + 1],
      ['several parts', (partSize) => 4 * partSize + 4321],
    ]
    for (const [what, sizeOf] of around) {
      check(`${what} arrives`, async (storage, subject) => {
        const bytes = randomBytes(sizeOf(storage.capabilities.partSize))
        await storage.upload('up/loaded', pieces(bytes, 300_000), { ...content, size: bytes.length })
        expect(bytes.equals(await collect(storage.read('up/loaded')))).toBe(true)
        expect(await Array.fromAsync(storage.list(''))).toEqual([{ key: 'up/loaded', size: bytes.length }])
        expect(await subject.leftovers()).toEqual([])
      })
    }

    check('the size need not be known', async (storage) => {
      const bytes = randomBytes(storage.capabilities.partSize + 1)
      await storage.upload('unknown', pieces(bytes, 100_000), content)
      expect(bytes.equals(await collect(storage.read('unknown')))).toBe(true)
    })

    check('chunks may be larger than a part, and empty', async (storage) => {
      const bytes = randomBytes(2 * storage.capabilities.partSize + 99)
      const source = async function* () {
        yield new Uint8Array(0)
        yield* pieces(bytes, bytes.length)
        yield new Uint8Array(0)
      }
      await storage.upload('one chunk', source(), { ...content, size: bytes.length })
      expect(bytes.equals(await collect(storage.read('one chunk')))).toBe(true)
    })

    check('nobody sees an object before it is whole', async (storage) => {
      const bytes = randomBytes(storage.capabilities.partSize + megabyte)
      const source = async function* () {
        yield* pieces(bytes, megabyte)
        await expect(storage.stat('hidden')).rejects.toBeInstanceOf(ObjectMissingError)
        expect(await keysOf(storage.list(''))).toEqual([])
      }
      await storage.upload('hidden', source(), content)
      expect(await storage.stat('hidden')).toEqual({ size: bytes.length })
    })

    check('a source is closed when the storage fails', async (storage) => {
      await storage.put('taken', Buffer.from('first'), index)
      let open = 0
      const source = async function* () {
        open += 1
        try {
          for (;;) yield randomBytes(megabyte)
        } finally {
          open -= 1
        }
      }
      const size = 3 * storage.capabilities.partSize
      // One that looks first does not begin to read.
      const failure = /gave over|already exists/
      await expect(storage.upload('taken', source(), { ...content, size })).rejects.toThrow(failure)
      expect(open).toBe(0)
    })

    checkFailingUpload(
      check,
      'a source that gives too little leaves nothing',
      (partSize) => pieces(Buffer.alloc(2 * partSize), megabyte),
      wrongSize,
      (partSize) => 2 * partSize + 1,
    )
    checkFailingUpload(
      check,
      'a short source that gives too little leaves nothing',
      () => pieces(Buffer.alloc(99), 10),
      wrongSize,
      () => 100,
    )
    checkFailingUpload(
      check,
      'a source that gives too much leaves nothing',
      (partSize) => pieces(Buffer.alloc(2 * partSize + 1), megabyte),
      wrongSize,
      (partSize) => 2 * partSize,
    )
    checkFailingUpload(
      check,
      'a source that was to be empty leaves nothing',
      () => pieces(Buffer.alloc(1), 1),
      wrongSize,
      () => 0,
    )

    const broken = new Error('the disk of the source broke')
    const isBroken = (error: unknown) => expect(error).toBe(broken)
    const breaking = (bytes: (partSize: number) => number) =>
      async function* (partSize: number) {
        yield* pieces(Buffer.alloc(bytes(partSize)), megabyte)
        throw broken
      }
    checkFailingUpload(check, 'a source that throws at once leaves nothing', breaking(() => 0), isBroken) // prettier-ignore
    checkFailingUpload(check, 'a source that throws soon leaves nothing', breaking(() => kilobyte), isBroken) // prettier-ignore
    checkFailingUpload(
      check,
      'a source that throws after some parts leaves nothing',
      breaking((partSize) => 4 * partSize + 1),
      isBroken,
    )
    checkFailingUpload(
      check,
      "a source's own file error is not mistaken for one of the storage",
      async function* () {
        yield Buffer.alloc(1)
        throw Object.assign(broken, { code: 'ENOENT' })
      },
      isBroken,
    )
  })
}

function wrongSize(error: unknown): void {
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({
    transient: false,
    message: expect.stringMatching(/the source of a\/b/),
  })
}
