import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { ObjectExistsError, ObjectMissingError } from '../../../src/storage/errors.ts'
import {
  UploadGoneError,
  UploadMismatchError,
  type ResumableOptions,
  type ResumableUpload,
  type ResumableUploads,
} from '../../../src/storage/resumable.ts'
import type { CallOptions, Storage } from '../../../src/storage/storage.ts'
import { collect, keysOf } from '../streams.ts'
import { type Check, content, index, type Subject } from './check.ts'

const key = 'objects/ab/large'

/** For storages that have `resumable`: uploads that another process goes on with. */
export function resuming(check: Check): void {
  describe('resuming', () => {
    const lengths: [string, (pieceSize: number) => number][] = [
      ['whole pieces', (pieceSize) => 3 * pieceSize],
      ['a short last piece', (pieceSize) => 2 * pieceSize + 4321],
      ['a last piece of one byte', (pieceSize) => pieceSize + 1],
      ['one piece alone', (pieceSize) => pieceSize],
      ['one short piece alone', () => 99],
    ]
    for (const [what, sizeOf] of lengths) {
      check(`${what} become the object`, async (storage, subject) => {
        const { uploads, bytes, options } = largeUpload(storage, sizeOf)
        const upload = await uploads.begin(key, options)
        expect(upload.held).toBe(0)
        expect(upload.token).not.toBe('')
        await append(upload, piecesOf(bytes, options))
        await upload.complete({})
        await expectObject(storage, bytes)
        expect(await subject.leftovers()).toEqual([])
      })
    }

    for (const [what, sizeOf] of lengths.slice(0, 2)) {
      check(`${what}: another process sends only what is missing`, async (storage, subject) => {
        const { uploads, bytes, options } = largeUpload(storage, sizeOf)
        const pieces = piecesOf(bytes, options)
        const { token } = await interrupted(uploads, options, pieces.slice(0, 2))
        const { resumed, again } = await resumeElsewhere(subject, token, options)
        expectHeld(resumed, options, 2)
        if (resumed) await append(resumed, pieces)
        await resumed?.complete({})
        await expectObject(again, bytes)
        expect(await subject.leftovers()).toEqual([])
      })
    }

    check('it may be interrupted again and again, also before its first piece', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 2 * pieceSize + 1)
      const pieces = piecesOf(bytes, options)
      const { token } = await interrupted(uploads, options, [])
      for (let sent = 0; sent <= pieces.length; sent++) {
        const { resumed } = await resumeElsewhere(subject, token, options)
        expectHeld(resumed, options, Math.max(0, sent - 1))
        if (resumed) await append(resumed, pieces.slice(0, sent))
      }
      const { resumed, again } = await resumeElsewhere(subject, token, options)
      expectHeld(resumed, options, pieces.length)
      if (resumed) await append(resumed, pieces)
      await resumed?.complete({})
      await expectObject(again, bytes)
    })

    check(
      'another process that sends other bytes is refused, and nothing appears',
      async (storage, subject) => {
        const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 3 * pieceSize)
        const { token } = await interrupted(uploads, options, piecesOf(bytes, options).slice(0, 2))
        bytes.writeUInt8(bytes.readUInt8(options.pieceSize) ^ 1, options.pieceSize)
        const { resumed, again } = await resumeElsewhere(subject, token, options)
        const sending = async () => {
          if (resumed) await append(resumed, piecesOf(bytes, options))
          await resumed?.complete({})
        }
        await expect(sending()).rejects.toBeInstanceOf(UploadMismatchError)
        await resumed?.abandon({})
        await expectNothing(again)
      },
    )

    check('nobody sees an object before it is complete', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 2 * pieceSize)
      const upload = await uploads.begin(key, options)
      await expectNothing(storage)
      await append(upload, piecesOf(bytes, options))
      await expectNothing(storage)
      const { resumed, again } = await resumeElsewhere(subject, upload.token, options)
      await expectNothing(again)
      await resumed?.abandon({})
    })

    check('what lacks its last piece is not completed', async (storage) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 2 * pieceSize)
      const upload = await interrupted(uploads, options, piecesOf(bytes, options).slice(0, 1))
      await expect(upload.complete({})).rejects.toBeInstanceOf(Error)
      await expectNothing(storage)
    })

    check('a taken key is refused, and what was there stays', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => pieceSize + 7)
      await storage.put(key, Buffer.from('first'), index)
      const sending = async () => {
        const upload = await uploads.begin(key, options)
        await append(upload, piecesOf(bytes, options))
        await upload.complete({})
      }
      await expect(sending()).rejects.toBeInstanceOf(ObjectExistsError)
      expect(String(await collect(storage.read(key)))).toBe('first')
      expect(await subject.leftovers()).toEqual([])
    })

    check('an abandoned upload is gone', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 2 * pieceSize)
      const upload = await uploads.begin(key, options)
      await append(upload, piecesOf(bytes, options).slice(0, 1))
      await upload.abandon({})
      expect(await subject.leftovers()).toEqual([])
      expect((await resumeElsewhere(subject, upload.token, options)).resumed).toBeUndefined()
      await upload.abandon({})
    })

    check('a completed upload is gone', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => pieceSize)
      const upload = await uploads.begin(key, options)
      await append(upload, piecesOf(bytes, options))
      await upload.complete({})
      expect((await resumeElsewhere(subject, upload.token, options)).resumed).toBeUndefined()
    })

    check('a token that names no upload of the key gives nothing', async (storage) => {
      const { uploads, options } = largeUpload(storage, (pieceSize) => pieceSize)
      const one = await uploads.begin(key, options)
      expect(await uploads.resume('objects/cd/other', one.token, options)).toBeUndefined()
      const mistyped = one.token.slice(0, -1) + (one.token.endsWith('x') ? 'y' : 'x')
      for (const token of [mistyped, '', '../../etc/passwd', 'https://example.org/?a=b', '\u0000']) {
        expect(await uploads.resume(key, token, options)).toBeUndefined()
      }
      await one.abandon({})
    })

    check('two uploads to one key do not meddle with each other', async (storage) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => pieceSize + 1)
      const one = await uploads.begin(key, options)
      const other = await uploads.begin(key, options)
      expect(one.token).not.toBe(other.token)
      await append(other, piecesOf(randomBytes(bytes.length), options))
      await append(one, piecesOf(bytes, options))
      await one.complete({})
      await expect(other.complete({})).rejects.toBeInstanceOf(ObjectExistsError)
      await expectObject(storage, bytes)
    })

    check(
      'two processes at one upload: the object is theirs, and the slower one is told at most',
      async (storage, subject) => {
        const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 3 * pieceSize)
        const pieces = piecesOf(bytes, options)
        const one = await interrupted(uploads, options, pieces.slice(0, 1))
        const { resumed: two, again } = await resumeElsewhere(subject, one.token, options)
        if (two) await append(two, pieces)
        await append(one, pieces.slice(1))
        await two?.complete({})
        const late: unknown = await one.complete({}).catch((error: unknown) => error)
        // S3 answers a second completion as it did the first.
        const told = late instanceof ObjectExistsError || late instanceof UploadGoneError
        expect(late === undefined || told).toBe(true)
        await expectObject(again, bytes)
      },
    )

    check('an upload that somebody swept meanwhile is told as gone', async (storage, subject) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 2 * pieceSize)
      const pieces = piecesOf(bytes, options)
      const upload = await interrupted(uploads, options, pieces.slice(0, 1))
      const { resumed } = await resumeElsewhere(subject, upload.token, options)
      await resumed?.abandon({})
      const goingOn = async () => {
        await append(upload, pieces.slice(1))
        await upload.complete({})
      }
      await expect(goingOn()).rejects.toBeInstanceOf(UploadGoneError)
      await expectNothing(storage)
    })

    check(
      'a piece that was aborted on its way is sent again by another process',
      async (storage, subject) => {
        const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => 3 * pieceSize)
        const pieces = piecesOf(bytes, options)
        const upload = await interrupted(uploads, options, pieces.slice(0, 1))
        const controller = new AbortController()
        const reason = new Error('the node is drained')
        const [, second = Buffer.alloc(0)] = pieces
        const under = upload.append(second, { signal: controller.signal }).catch((error: unknown) => error)
        controller.abort(reason)
        expect([reason, undefined]).toContain(await under)
        const { resumed, again } = await resumeElsewhere(subject, upload.token, options)
        expect(resumed?.held).toBeGreaterThanOrEqual(options.pieceSize)
        expect(resumed?.held).toBeLessThanOrEqual(2 * options.pieceSize)
        if (resumed) await append(resumed, pieces)
        await resumed?.complete({})
        await expectObject(again, bytes)
      },
    )

    check('an aborted signal stops every call before it begins', async (storage) => {
      const { uploads, bytes, options } = largeUpload(storage, (pieceSize) => pieceSize)
      const reason = new Error('the user pressed Ctrl-C')
      const aborted: CallOptions = { signal: AbortSignal.abort(reason) }
      const upload = await uploads.begin(key, options)
      await expect(uploads.begin('b', { ...options, ...aborted })).rejects.toBe(reason)
      await expect(uploads.resume(key, upload.token, { ...options, ...aborted })).rejects.toBe(reason)
      await expect(upload.append(bytes, aborted)).rejects.toBe(reason)
      await append(upload, [bytes])
      await expect(upload.complete(aborted)).rejects.toBe(reason)
      await expectNothing(storage)
      await upload.complete({})
      await expectObject(storage, bytes)
    })

    check('what cannot be a key is refused', async (storage) => {
      const { uploads, options } = largeUpload(storage, (pieceSize) => pieceSize)
      await expect(uploads.begin('../outside', options)).rejects.toThrow(/not a storage key/)
      await expect(uploads.resume('tmp/x', 'token', options)).rejects.toThrow(/not a storage key/)
    })
  })
}

/** Bytes to upload, and options that suit the storage. */
function largeUpload(storage: Storage, sizeOf: (pieceSize: number) => number) {
  const uploads = storage.resumable
  if (uploads === undefined) throw new Error('this storage has no resumable uploads')
  const pieceSize = Math.ceil(storage.capabilities.partSize / uploads.pieceUnit) * uploads.pieceUnit
  const bytes = randomBytes(sizeOf(pieceSize))
  const options: ResumableOptions = { ...content, size: bytes.length, pieceSize }
  return { uploads, bytes, options }
}

function piecesOf(bytes: Buffer, { pieceSize }: ResumableOptions): Buffer[] {
  const count = Math.ceil(bytes.length / pieceSize)
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * pieceSize, (n + 1) * pieceSize))
}

/** Appends a copy of each piece, and spoils the copy afterwards: it belongs to the caller again. */
async function append(upload: ResumableUpload, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    const copy = Buffer.from(piece)
    await upload.append(copy, {})
    expect(copy.equals(piece)).toBe(true)
    copy.fill(0)
  }
}

/** An upload that got so far; whoever began it calls it no more. */
async function interrupted(
  uploads: ResumableUploads,
  options: ResumableOptions,
  pieces: readonly Buffer[],
): Promise<ResumableUpload> {
  const upload = await uploads.begin(key, options)
  await append(upload, pieces)
  return upload
}

/** Resumes as another process does: with the token alone, on a storage opened anew where the backend allows that. */
async function resumeElsewhere(subject: Subject, token: string, options: ResumableOptions) {
  const again = (await subject.reopen?.()) ?? subject.storage
  const resumed = await again.resumable?.resume(key, token, options)
  return { again, resumed }
}

/** What was sent is held. The object's last piece may be held back until all is completed: it is the one sent again. */
function expectHeld(upload: ResumableUpload | undefined, options: ResumableOptions, pieces: number): void {
  const { size, pieceSize } = options
  const beforeLast = (Math.ceil(size / pieceSize) - 1) * pieceSize
  expect(upload?.held).toBeGreaterThanOrEqual(Math.min(pieces * pieceSize, beforeLast))
  expect(upload?.held).toBeLessThanOrEqual(Math.min(pieces * pieceSize, size))
}

async function expectObject(storage: Storage, bytes: Buffer): Promise<void> {
  expect(bytes.equals(await collect(storage.read(key)))).toBe(true)
  expect(await Array.fromAsync(storage.list(''))).toEqual([{ key, size: bytes.length }])
}

async function expectNothing(storage: Storage): Promise<void> {
  await expect(storage.stat(key)).rejects.toBeInstanceOf(ObjectMissingError)
  expect(await keysOf(storage.list(''))).toEqual([])
}
