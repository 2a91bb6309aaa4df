/*
 * What every storage has to keep, as tests. A backend's own test file calls `conformance` with a way to open an empty
 * storage of its kind.
 */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ObjectExistsError, ObjectMissingError, StorageError } from '../../src/storage/errors.ts'
import type { ListOptions, Storage } from '../../src/storage/storage.ts'
import { collect, keysOf, pieces } from './streams.ts'

export interface Subject extends AsyncDisposable {
  storage: Storage
  /** Whatever is there that `list` does not tell of: temporary files, unfinished uploads. */
  leftovers(): Promise<string[]>
  /** The same place, opened a second time, where the backend allows that. */
  reopen?(): Promise<Storage>
}

const content = { kind: 'content' } as const
const index = { kind: 'index' } as const
const kilobyte = 1024
const megabyte = 1024 * 1024

const hostileKeys = [
  '',
  '/',
  '.',
  '..',
  '/etc/passwd',
  'a/',
  'a//b',
  'a/./b',
  'a/../b',
  '../a',
  'a/..',
  'tmp/a',
  'line\nbreak',
  'nul\0byte',
  'é',
  '\u{1f4f7}',
]

const oddKeys = [
  'a key with spaces',
  'quotes/\'single\' "double" `back`',
  'signs/!#$%&()*+,-.:;<=>?@[]^_{|}~',
  'percent/%2F%2e%2e%00',
  'plus+and+space/a+b c',
  'back\\slash',
  '.hidden/..double/...',
  'tmpfile/tmp',
  `long/${'n'.repeat(200)}`,
  'deep/1/2/3/4/5/6/7/8/9/10/11/12',
]

/** Runs the suite. Each test opens a storage of its own. */
export function conformance(name: string, open: () => Promise<Subject>): void {
  const check = (story: string, run: (storage: Storage, subject: Subject) => Promise<void>) =>
    test(story, async () => {
      await using subject = await open()
      await run(subject.storage, subject)
    })

  /** An upload must fail with an error that `expected` knows, and leave nothing of itself behind. */
  const checkFailingUpload = (
    story: string,
    source: (partSize: number, controller: AbortController) => AsyncIterable<Uint8Array>,
    expected: (error: unknown) => void,
    size?: (partSize: number) => number,
  ) =>
    check(story, async (storage, subject) => {
      const { partSize } = storage.capabilities
      const controller = new AbortController()
      const options = { ...content, signal: controller.signal, size: size?.(partSize) }
      const failure = await storage.upload('a/b', source(partSize, controller), options).then(
        () => undefined,
        (error: unknown) => error,
      )
      expected(failure)
      await expect(storage.stat('a/b')).rejects.toBeInstanceOf(ObjectMissingError)
      expect(await keysOf(storage.list(''))).toEqual([])
      expect(await subject.leftovers()).toEqual([])
    })

  describe(name, () => {
    describe('put', () => {
      check('what was put is read back', async (storage) => {
        const bytes = randomBytes(3 * megabyte + 17)
        await storage.put('objects/ab/cd', bytes, content)
        expect(bytes.equals(await collect(storage.read('objects/ab/cd')))).toBe(true)
        expect(await storage.stat('objects/ab/cd')).toEqual({ size: bytes.length })
      })

      check('an object may be empty', async (storage) => {
        await storage.put('empty', new Uint8Array(0), index)
        expect(await collect(storage.read('empty'))).toHaveLength(0)
        expect(await storage.stat('empty')).toEqual({ size: 0 })
        expect(await Array.fromAsync(storage.list(''))).toEqual([{ key: 'empty', size: 0 }])
      })

      check('an object may be a single byte', async (storage) => {
        await storage.put('one', Uint8Array.of(7), index)
        expect([...(await collect(storage.read('one')))]).toEqual([7])
      })

      check('only the given view of a larger buffer is stored', async (storage) => {
        await storage.put('view', Buffer.from('0123456789').subarray(3, 6), index)
        expect(String(await collect(storage.read('view')))).toBe('345')
      })

      check('what the caller does to its buffer afterwards changes nothing', async (storage) => {
        const bytes = Buffer.from('before')
        await storage.put('kept', bytes, index)
        bytes.fill(0)
        expect(String(await collect(storage.read('kept')))).toBe('before')
      })

      check('the caller may give the SHA-256 along', async (storage) => {
        const bytes = randomBytes(kilobyte)
        await storage.put('hashed', bytes, {
          ...content,
          sha256: createHash('sha256').update(bytes).digest(),
        })
        expect(bytes.equals(await collect(storage.read('hashed')))).toBe(true)
      })

      check('nothing is left but the object', async (storage, subject) => {
        await storage.put('a/b', randomBytes(kilobyte), content)
        expect(await keysOf(storage.list(''))).toEqual(['a/b'])
        expect(await subject.leftovers()).toEqual([])
      })
    })

    describe('create-only', () => {
      check('a put on a taken key is refused, and what was there stays', async (storage, subject) => {
        await storage.put('taken', Buffer.from('first'), index)
        await expect(storage.put('taken', Buffer.from('second'), index)).rejects.toThrow(ObjectExistsError)
        expect(String(await collect(storage.read('taken')))).toBe('first')
        expect(await subject.leftovers()).toEqual([])
      })

      check('the same bytes again are refused, too', async (storage) => {
        await storage.put('taken', Buffer.from('same'), index)
        const again = storage.put('taken', Buffer.from('same'), index)
        await expect(again).rejects.toMatchObject({ name: 'ObjectExistsError', key: 'taken' })
      })

      check('a large put on a taken key is refused', async (storage) => {
        await storage.put('taken', Buffer.from('first'), content)
        await expect(storage.put('taken', randomBytes(6 * megabyte), content)).rejects.toThrow(
          ObjectExistsError,
        )
      })

      check('a short upload on a taken key is refused', async (storage, subject) => {
        await storage.put('taken', Buffer.from('first'), index)
        const second = storage.upload('taken', pieces(Buffer.from('second'), 2), index)
        await expect(second).rejects.toBeInstanceOf(ObjectExistsError)
        expect(String(await collect(storage.read('taken')))).toBe('first')
        expect(await subject.leftovers()).toEqual([])
      })

      check('a long upload on a taken key is refused', async (storage, subject) => {
        await storage.put('taken', Buffer.from('first'), index)
        const long = randomBytes(storage.capabilities.partSize + megabyte)
        const second = storage.upload('taken', pieces(long, megabyte), content)
        await expect(second).rejects.toBeInstanceOf(ObjectExistsError)
        expect(String(await collect(storage.read('taken')))).toBe('first')
        expect(await subject.leftovers()).toEqual([])
      })

      check('of two puts at once exactly one wins', async (storage) => {
        const both = [Buffer.alloc(kilobyte, 'a'), Buffer.alloc(kilobyte, 'b')]
        const results = await Promise.allSettled(both.map((bytes) => storage.put('raced', bytes, index)))
        const winner = results.findIndex((result) => result.status === 'fulfilled')
        const losers = results.filter((result) => result.status === 'rejected')
        expect(losers).toHaveLength(1)
        expect(losers[0]?.reason).toBeInstanceOf(ObjectExistsError)
        expect(both[winner]?.equals(await collect(storage.read('raced')))).toBe(true)
      })

      check('of many creates at once, by put and by upload, exactly one wins', async (storage, subject) => {
        const all = Array.from({ length: 12 }, (_, n) => Buffer.alloc((n + 1) * 10 * kilobyte, n))
        const results = await Promise.allSettled(
          all.map((bytes, n) =>
            n % 2 === 0
              ? storage.put('raced', bytes, content)
              : storage.upload('raced', pieces(bytes, 3 * kilobyte), content),
          ),
        )
        const winners = results.flatMap((result, n) => (result.status === 'fulfilled' ? [n] : []))
        expect(winners).toHaveLength(1)
        expect(all[winners[0] ?? -1]?.equals(await collect(storage.read('raced')))).toBe(true)
        expect(await subject.leftovers()).toEqual([])
      })
    })

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
          yield bytes
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
        let closed = false
        const source = async function* () {
          try {
            for (;;) yield randomBytes(megabyte)
          } finally {
            closed = true
          }
        }
        const size = 3 * storage.capabilities.partSize
        await expect(storage.upload('taken', source(), { ...content, size })).rejects.toThrow(/gave over/)
        expect(closed).toBe(true)
      })

      const wrongSize = (error: unknown) => {
        expect(error).toBeInstanceOf(StorageError)
        expect(error).toMatchObject({
          transient: false,
          message: expect.stringMatching(/the source of a\/b/),
        })
      }
      checkFailingUpload(
        'a source that gives too little leaves nothing',
        (partSize) => pieces(Buffer.alloc(2 * partSize), megabyte),
        wrongSize,
        (partSize) => 2 * partSize + 1,
      )
      checkFailingUpload(
        'a short source that gives too little leaves nothing',
        () => pieces(Buffer.alloc(99), 10),
        wrongSize,
        () => 100,
      )
      checkFailingUpload(
        'a source that gives too much leaves nothing',
        (partSize) => pieces(Buffer.alloc(2 * partSize + 1), megabyte),
        wrongSize,
        (partSize) => 2 * partSize,
      )
      checkFailingUpload(
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
      checkFailingUpload('a source that throws at once leaves nothing', breaking(() => 0), isBroken) // prettier-ignore
      checkFailingUpload('a source that throws soon leaves nothing', breaking(() => kilobyte), isBroken) // prettier-ignore
      checkFailingUpload(
        'a source that throws after some parts leaves nothing',
        breaking((partSize) => 4 * partSize + 1),
        isBroken,
      )
      checkFailingUpload(
        "a source's own file error is not mistaken for one of the storage",
        async function* () {
          yield Buffer.alloc(1)
          throw Object.assign(broken, { code: 'ENOENT' })
        },
        isBroken,
      )
    })

    describe('cancelling', () => {
      const reason = new Error('the user pressed Ctrl-C')
      const aborted = { signal: AbortSignal.abort(reason) }

      check('an aborted signal stops every call before it begins', async (storage) => {
        let started = false
        const source = async function* () {
          started = true
          yield Buffer.alloc(1)
        }
        await storage.put('there', Buffer.from('bytes'), index)
        await expect(storage.put('a', Buffer.alloc(1), { ...index, ...aborted })).rejects.toBe(reason)
        await expect(storage.upload('b', source(), { ...index, ...aborted })).rejects.toBe(reason)
        await expect(storage.stat('there', aborted)).rejects.toBe(reason)
        await expect(collect(storage.read('there', aborted))).rejects.toBe(reason)
        await expect(keysOf(storage.list('', aborted))).rejects.toBe(reason)
        expect(started).toBe(false)
        expect(await keysOf(storage.list(''))).toEqual(['there'])
      })

      const isReason = (error: unknown) => expect(error).toBe(reason)
      checkFailingUpload(
        'an upload cancelled early leaves nothing',
        async function* (_, controller) {
          yield Buffer.alloc(kilobyte)
          controller.abort(reason)
          yield Buffer.alloc(kilobyte)
        },
        isReason,
      )
      checkFailingUpload(
        'an upload cancelled after its last byte leaves nothing',
        async function* (_, controller) {
          yield Buffer.alloc(kilobyte)
          controller.abort(reason)
        },
        isReason,
      )
      checkFailingUpload(
        'an upload cancelled with parts under way leaves nothing',
        async function* (partSize, controller) {
          yield* pieces(Buffer.alloc(3 * partSize + kilobyte), megabyte)
          controller.abort(reason)
          yield Buffer.alloc(partSize)
        },
        isReason,
      )

      check('a read is cancelled in the middle', async (storage) => {
        await storage.put('long', randomBytes(6 * megabyte), content)
        const controller = new AbortController()
        const reading = async () => {
          for await (const chunk of storage.read('long', { signal: controller.signal })) {
            expect(chunk.length).toBeGreaterThan(0)
            controller.abort(reason)
          }
        }
        await expect(reading()).rejects.toBe(reason)
      })

      check('a listing is cancelled in the middle', async (storage) => {
        for (const key of ['a', 'b', 'c']) await storage.put(key, Buffer.alloc(1), index)
        const controller = new AbortController()
        const listing = storage.list('', { signal: controller.signal })[Symbol.asyncIterator]()
        expect((await listing.next()).value).toEqual({ key: 'a', size: 1 })
        controller.abort(reason)
        await expect(async () => {
          while (!(await listing.next()).done);
        }).rejects.toBe(reason)
      })
    })

    describe('read', () => {
      const text = '0123456789'
      const ranges: [string, number, number, string][] = [
        ['the start', 0, 3, '012'],
        ['the middle', 4, 3, '456'],
        ['the end', 7, 3, '789'],
        ['the last byte', 9, 1, '9'],
        ['the whole', 0, 10, text],
        ['more than there is', 8, 100, '89'],
        ['far more than there is', 0, Number.MAX_SAFE_INTEGER, text],
        ['no byte', 5, 0, ''],
      ]
      check('a range gives its bytes', async (storage) => {
        await storage.put('digits', Buffer.from(text), content)
        for (const [what, offset, length, expected] of ranges) {
          const bytes = await collect(storage.read('digits', { range: { offset, length } }))
          expect(String(bytes), what).toBe(expected)
        }
      })

      check('a range that begins at the end or beyond fails', async (storage) => {
        await storage.put('digits', Buffer.from(text), content)
        await storage.put('empty', Buffer.alloc(0), content)
        const from = (key: string, offset: number, length: number) =>
          expect(collect(storage.read(key, { range: { offset, length } }))).rejects.toMatchObject({
            name: 'StorageError',
            transient: false,
          })
        await from('digits', 10, 1)
        await from('digits', 10, 0)
        await from('digits', 11, 5)
        await from('empty', 0, 1)
        await from('empty', 0, 0)
      })

      check('a range of a large object is exact', async (storage) => {
        const bytes = randomBytes(3 * megabyte)
        await storage.put('large', bytes, content)
        for (const offset of [0, 1, megabyte - 1, megabyte, megabyte + 1]) {
          const range = { offset, length: megabyte + 3 }
          const expected = bytes.subarray(offset, offset + range.length)
          expect(expected.equals(await collect(storage.read('large', { range })))).toBe(true)
        }
      })

      check('a large object comes in several chunks', async (storage) => {
        await storage.put('large', randomBytes(8 * megabyte), content)
        const chunks = await Array.fromAsync(storage.read('large'))
        expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(megabyte)
      })

      check('what the reader does to a chunk changes nothing', async (storage) => {
        await storage.put('kept', Buffer.from('bytes'), index)
        for await (const chunk of storage.read('kept')) chunk.fill(0)
        expect(String(await collect(storage.read('kept')))).toBe('bytes')
      })

      check('breaking the loop frees the connection', async (storage) => {
        await storage.put('long', randomBytes(4 * megabyte), content)
        for (let n = 0; n < 2 * storage.capabilities.concurrency + 80; n++) {
          for await (const chunk of storage.read('long')) {
            expect(chunk.length).toBeGreaterThan(0)
            break
          }
        }
        expect(await storage.stat('long')).toEqual({ size: 4 * megabyte })
      })

      check('two readers of one object do not disturb each other', async (storage) => {
        const bytes = randomBytes(2 * megabyte)
        await storage.put('shared', bytes, content)
        const copies = await Promise.all([collect(storage.read('shared')), collect(storage.read('shared'))])
        expect(copies.every((copy) => bytes.equals(copy))).toBe(true)
      })
    })

    describe('what is missing', () => {
      const missing = ['none', 'no/folder/none', 'folder/none', 'folder']
      check('a missing object is told as such', async (storage) => {
        await storage.put('folder/there', Buffer.alloc(1), index)
        for (const key of missing) {
          const expected = { name: 'ObjectMissingError', key }
          await expect(storage.stat(key), key).rejects.toMatchObject(expected)
          await expect(collect(storage.read(key)), key).rejects.toMatchObject(expected)
          const range = { offset: 3, length: 1 }
          await expect(collect(storage.read(key, { range })), key).rejects.toMatchObject(expected)
          const nothing = { offset: 0, length: 0 }
          await expect(collect(storage.read(key, { range: nothing })), key).rejects.toMatchObject(expected)
        }
      })

      check('looking for an object makes nothing', async (storage) => {
        await expect(storage.stat('no/folder/none')).rejects.toBeInstanceOf(ObjectMissingError)
        expect(await keysOf(storage.list(''))).toEqual([])
      })
    })

    describe('list', () => {
      // "a.b" comes before "a/b" comes before "a0", and capitals before all small letters.
      const ordered = [
        'B',
        'a!',
        'a-',
        'a.b',
        'a/a',
        'a/b.c',
        'a/b/c',
        'a/b0',
        'a/c',
        'a0',
        'aa/z',
        'b',
        'z~',
      ]
      const fill = async (storage: Storage, keys: string[]) => {
        await Promise.all(keys.toReversed().map((key) => storage.put(key, Buffer.from(key), index)))
      }

      check('an empty storage lists nothing', async (storage) => {
        expect(await keysOf(storage.list(''))).toEqual([])
        expect(await keysOf(storage.list('no/such/folder/'))).toEqual([])
      })

      check('keys come in byte order with their sizes', async (storage) => {
        await fill(storage, ordered)
        const expected = ordered.map((key) => ({ key, size: key.length }))
        expect(await Array.fromAsync(storage.list(''))).toEqual(expected)
      })

      check('a prefix may end anywhere', async (storage) => {
        await fill(storage, ordered)
        for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a.b', 'a/b/c', 'aa', 'A', 'a/d', 'zz/', 'b/']) {
          const expected = ordered.filter((key) => key.startsWith(prefix))
          expect(await keysOf(storage.list(prefix)), prefix).toEqual(expected)
        }
      })

      check('a listing begins after any key', async (storage) => {
        await fill(storage, ordered)
        const starts = [...ordered, '', 'A', 'a', 'a/', 'a/b', 'a/b/', 'a/b/cc', 'a/zzz', 'a1', '~']
        for (const prefix of ['', 'a', 'a/b']) {
          for (const after of starts) {
            const expected = ordered.filter((key) => key.startsWith(prefix) && key > after)
            const options: ListOptions = { after }
            expect(await keysOf(storage.list(prefix, options)), `${prefix} after ${after}`).toEqual(expected)
          }
        }
      })

      check('more keys than a page holds come in order', async (storage) => {
        const keys = Array.from({ length: 1103 }, (_, n) => `many/${String(n).padStart(4, '0')}`)
        await Promise.all(keys.map((key) => storage.put(key, Buffer.alloc(0), index)))
        expect(await keysOf(storage.list('many/'))).toEqual(keys)
        expect(await keysOf(storage.list('', { after: 'many/0040' }))).toEqual(keys.slice(41))
      })

      check('breaking the loop is fine', async (storage) => {
        await fill(storage, ordered)
        for await (const { key } of storage.list('a')) {
          expect(key).toBe('a!')
          break
        }
        expect(await keysOf(storage.list('b'))).toEqual(['b'])
      })

      check('an unfinished upload is not listed', async (storage) => {
        const source = async function* () {
          yield Buffer.alloc(storage.capabilities.partSize + 1)
          expect(await keysOf(storage.list(''))).toEqual([])
          yield Buffer.alloc(1)
        }
        await storage.upload('finished', source(), content)
        expect(await keysOf(storage.list(''))).toEqual(['finished'])
      })
    })

    describe('keys', () => {
      check('odd keys are kept exactly', async (storage) => {
        for (const key of oddKeys) await storage.put(key, Buffer.from(key), index)
        for (const key of oddKeys) {
          expect(String(await collect(storage.read(key)))).toBe(key)
          expect(await storage.stat(key)).toEqual({ size: key.length })
        }
        expect(await keysOf(storage.list(''))).toEqual(oddKeys.toSorted())
      })

      check('odd keys work in a long upload', async (storage) => {
        const key = 'signs & spaces/%41+b=c?d#e'
        const bytes = randomBytes(storage.capabilities.partSize + 1)
        await storage.upload(key, pieces(bytes, megabyte), content)
        expect(bytes.equals(await collect(storage.read(key)))).toBe(true)
      })

      check('names that are no keys are refused everywhere', async (storage) => {
        for (const key of hostileKeys) {
          const what = JSON.stringify(key)
          await expect(storage.put(key, Buffer.alloc(1), index), what).rejects.toThrow('not a storage key')
          const upload = storage.upload(key, pieces(Buffer.alloc(1), 1), index)
          await expect(upload, what).rejects.toThrow('not a storage key')
          await expect(storage.stat(key), what).rejects.toThrow('not a storage key')
          await expect(collect(storage.read(key)), what).rejects.toThrow('not a storage key')
        }
        expect(await keysOf(storage.list(''))).toEqual([])
      })

      check('prefixes that no key can have are refused', async (storage) => {
        for (const prefix of ['/', '../', 'a/../', './', 'a//', 'tmp/', 'é']) {
          await expect(keysOf(storage.list(prefix)), prefix).rejects.toThrow('not a prefix of storage keys')
        }
      })
    })

    describe('as a whole', () => {
      check('many calls at once all succeed', async (storage) => {
        const all = Array.from({ length: 150 }, (_, n) => ({
          key: `p/${n % 7}/${n}`,
          bytes: randomBytes(n * 100),
        }))
        await Promise.all(all.map(({ key, bytes }) => storage.put(key, bytes, content)))
        const copies = await Promise.all(all.map(({ key }) => collect(storage.read(key))))
        expect(copies.every((copy, n) => all[n]?.bytes.equals(copy))).toBe(true)
        expect(await keysOf(storage.list('p/'))).toEqual(all.map(({ key }) => key).sort())
      })

      check('it says what it can do and where it is', async (storage) => {
        expect(storage.location).not.toBe('')
        expect(storage.capabilities.atomicCreate).toBe(true)
        expect(storage.capabilities.partSize).toBeGreaterThanOrEqual(megabyte)
        expect(storage.capabilities.concurrency).toBeGreaterThanOrEqual(2)
      })

      check('opened again, it holds the same', async (storage, subject) => {
        expect(subject.reopen !== undefined).toBe(storage.capabilities.reopenable)
        await storage.put('kept', Buffer.from('bytes'), index)
        const again = await subject.reopen?.()
        if (again === undefined) return
        expect(String(await collect(again.read('kept')))).toBe('bytes')
        await expect(again.put('kept', Buffer.from('other'), index)).rejects.toThrow(ObjectExistsError)
        await again.close()
      })
    })
  })
}
