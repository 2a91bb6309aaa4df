import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkSize, DecryptionError, sealedChunkSize } from '../../src/crypto/cobblestone.ts'
import {
  decryptObject,
  decryptStream,
  encryptObject,
  encryptStream,
  headerSize,
  keyIdOf,
  keyIdSize,
  leadSize,
  ObjectEncryptor,
  onlyKey,
  objectPlaintextSize,
  objectSize,
  openObject,
  sealedRange,
} from '../../src/crypto/envelope.ts'
import type { KeyLookup, ObjectKey } from '../../src/crypto/envelope.ts'
import { anySize, borderSizes, cutAt, flipped, sampleBytes, streamOf } from './samples.ts'

const key: ObjectKey = { id: randomBytes(keyIdSize), key: randomBytes(32) }
const context = 'safelight/1/0123456789abcdef/objects/ab/cdef'

class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError'
}

const keys: KeyLookup = (id) => {
  if (!id.equals(key.id)) throw new UnknownKeyError(`no key ${id.toString('hex')}`)
  return key.key
}

const fourChunks = sampleBytes(3 * chunkSize + 1000)
const anyCuts = fc.array(fc.nat(objectSize(5 * chunkSize)), { maxLength: 12 })

describe('an object comes back', () => {
  test('whatever its size', () => {
    fc.assert(
      fc.property(anySize, (size) => {
        const plaintext = sampleBytes(size)
        const object = encryptObject(key, context, plaintext)
        expect(object).toHaveLength(objectSize(size))
        expect(objectPlaintextSize(object.length)).toBe(size)
        expect(keyIdOf(object).equals(key.id)).toBe(true)
        expect(decryptObject(keys, context, object).equals(plaintext)).toBe(true)
      }),
    )
  })

  test('however its stream is cut, on the way in and on the way out', async () => {
    const pieceSizes = fc.constantFrom(1, chunkSize, chunkSize + 1, 2 * chunkSize, 64 * chunkSize)
    await fc.assert(
      fc.asyncProperty(anySize, anyCuts, anyCuts, pieceSizes, async (size, cutsIn, cutsOut, pieceSize) => {
        const plaintext = sampleBytes(size)
        const source = streamOf(cutAt(plaintext, cutsIn))
        const object = await gathered(encryptStream(key, context, source, pieceSize))
        expect(object).toHaveLength(objectSize(size))
        expect(decryptObject(keys, context, object).equals(plaintext)).toBe(true)
        const back = await gathered(decryptStream(keys, context, streamOf(cutAt(object, cutsOut))))
        expect(back.equals(plaintext)).toBe(true)
      }),
    )
  })

  test('from a stream of single bytes', async () => {
    const plaintext = sampleBytes(chunkSize + 10)
    const bytes = Array.from(encryptObject(key, context, plaintext), (byte) => Uint8Array.of(byte))
    const back = await gathered(decryptStream(keys, context, streamOf(bytes)))
    expect(back.equals(plaintext)).toBe(true)
  })

  test('when it was sealed in the buffer that it was read into', () => {
    fc.assert(
      fc.property(anySize, (size) => {
        const plaintext = sampleBytes(size)
        const slab = Buffer.alloc(objectSize(size))
        const encryptor = new ObjectEncryptor(key, context)
        slab.set(encryptor.lead)
        const body = slab.subarray(leadSize)
        const input = body.subarray(body.length - size)
        input.set(plaintext)
        expect(encryptor.seal(input, body, true)).toBe(body.length)
        expect(decryptObject(keys, context, slab).equals(plaintext)).toBe(true)
      }),
    )
  })

  test('when it was sealed in parts, in one buffer used again', () => {
    fc.assert(
      fc.property(anySize, fc.integer({ min: 1, max: 3 }), (size, chunksInPart) => {
        const plaintext = sampleBytes(size)
        const partSize = chunksInPart * chunkSize
        const slab = Buffer.alloc(chunksInPart * sealedChunkSize)
        const encryptor = new ObjectEncryptor(key, context)
        const parts = [encryptor.lead]
        for (let at = 0; at <= size; at += partSize) {
          const input = slab.subarray(slab.length - Math.min(partSize, size - at))
          input.set(plaintext.subarray(at, at + partSize))
          const length = encryptor.seal(input, slab, size - at < partSize)
          parts.push(Buffer.from(slab.subarray(0, length)))
        }
        expect(decryptObject(keys, context, Buffer.concat(parts)).equals(plaintext)).toBe(true)
      }),
    )
  })

  test('in any range, from no more than the chunks that hold it', () => {
    const plaintextAndRange = anySize.chain((size) =>
      fc.nat(size).chain((offset) => fc.tuple(fc.constant(size), fc.constant(offset), fc.nat(size - offset))),
    )
    fc.assert(
      fc.property(plaintextAndRange, ([size, offset, length]) => {
        const plaintext = sampleBytes(size)
        expect(readRange(plaintext, offset, length).equals(plaintext.subarray(offset, offset + length))).toBe(
          true,
        )
        const { skip, length: sealedLength } = sealedRange(offset, length, size)
        const chunks = Math.max(1, Math.ceil((skip + length) / chunkSize))
        expect(sealedLength).toBeLessThanOrEqual(chunks * sealedChunkSize)
      }),
    )
  })

  test('in ranges that begin or end at a chunk border', () => {
    const plaintext = sampleBytes(2 * chunkSize)
    const places = borderSizes.filter((place) => place <= plaintext.length)
    for (const from of places) {
      for (const to of places.filter((place) => place >= from)) {
        expect(
          readRange(plaintext, from, to - from).equals(plaintext.subarray(from, to)),
          `${from} to ${to}`,
        ).toBe(true)
      }
    }
  })
})

describe('an object is refused', () => {
  test('wherever a small one is cut', async () => {
    const object = encryptObject(key, context, sampleBytes(100))
    for (let length = 0; length < object.length; length++) {
      expect(await refusal(object.subarray(0, length))).toBe('DecryptionError')
    }
  })

  test('wherever a large one is cut', async () => {
    const object = encryptObject(key, context, fourChunks)
    const chunkEnds = [0, 1, 2, 3].map((chunks) => leadSize + chunks * sealedChunkSize)
    for (const length of chunkEnds.flatMap((end) => [end - 16, end - 1, end, end + 1, end + 15, end + 16])) {
      expect(await refusal(object.subarray(0, length))).toBe('DecryptionError')
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(object.length - 1), async (length) => {
        expect(await refusal(object.subarray(0, length))).toBe('DecryptionError')
      }),
    )
  })

  test('when anything follows its end', async () => {
    const tail = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom(sealedChunkSize - 116, sealedChunkSize, 2 * sealedChunkSize).map(sampleBytes),
    )
    const object = encryptObject(key, context, sampleBytes(100))
    await fc.assert(
      fc.asyncProperty(tail, async (extra) => {
        expect(await refusal(Buffer.concat([object, extra]))).toBe('DecryptionError')
      }),
    )
  })

  test('whichever byte of a small one is altered, in whichever bit', async () => {
    const object = encryptObject(key, context, sampleBytes(40))
    for (let at = 0; at < object.length; at++) {
      const inKeyId = at >= headerSize - keyIdSize && at < headerSize
      for (let bit = 0; bit < 8; bit++) {
        expect(await refusal(flipped(object, at, 1 << bit))).toBe(
          inKeyId ? 'UnknownKeyError' : 'DecryptionError',
        )
      }
    }
  })

  test('whichever byte of a large one is altered', async () => {
    const object = encryptObject(key, context, fourChunks)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: headerSize, max: object.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          expect(await refusal(flipped(object, at, mask))).toBe('DecryptionError')
        },
      ),
    )
  })

  test('when its chunks were swapped, repeated or left out', async () => {
    const object = encryptObject(key, context, fourChunks)
    const chunks = [0, 1, 2, 3].map((number) =>
      object.subarray(leadSize + number * sealedChunkSize, leadSize + (number + 1) * sealedChunkSize),
    )
    const otherOrder = fc
      .array(fc.nat(3), { maxLength: 6 })
      .filter((order) => order.join() !== '0,1,2,3')
      .map((order) => order.flatMap((number) => chunks[number] ?? []))
    await fc.assert(
      fc.asyncProperty(otherOrder, async (order) => {
        expect(await refusal(Buffer.concat([object.subarray(0, leadSize), ...order]))).toBe('DecryptionError')
      }),
    )
  })

  test('when a chunk comes from another object of the same key and place', async () => {
    const one = encryptObject(key, context, fourChunks)
    const two = encryptObject(key, context, fourChunks)
    for (const border of [leadSize, leadSize + 2 * sealedChunkSize]) {
      const mixed = Buffer.concat([one.subarray(0, border), two.subarray(border)])
      expect(await refusal(mixed)).toBe('DecryptionError')
    }
  })

  test('in another place than its own', async () => {
    const object = encryptObject(key, context, sampleBytes(100))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom(`${context}0`, context.slice(1), context.toUpperCase())),
        async (elsewhere) => {
          expect(await refusal(object, elsewhere)).toBe('DecryptionError')
        },
      ),
    )
  })

  test('under another key, although the key claims the id', async () => {
    const object = encryptObject(key, context, sampleBytes(100))
    expect(await refusal(object, context, () => randomBytes(32))).toBe('DecryptionError')
  })

  test('under the only key that it can have, when it names another', () => {
    const object = encryptObject(key, context, fourChunks)
    expect(decryptObject(onlyKey(key), context, object).equals(fourChunks)).toBe(true)
    for (let at = headerSize - keyIdSize; at < headerSize; at++) {
      expect(() => decryptObject(onlyKey(key), context, flipped(object, at, 1))).toThrow(DecryptionError)
    }
  })

  test('when its key is not to be found, and the lookup says which', async () => {
    const other = { id: randomBytes(keyIdSize), key: key.key }
    const object = encryptObject(other, context, sampleBytes(100))
    expect(await refusal(object)).toBe('UnknownKeyError')
    expect(() => decryptObject(keys, context, object)).toThrow(other.id.toString('hex'))
  })

  test('when it is something else', () => {
    expect(() => keyIdOf(Buffer.from('%PDF-1.7 and then some more bytes'))).toThrow('not a Safelight object')
  })

  test('when a later version of the format made it', () => {
    const object = flipped(encryptObject(key, context, sampleBytes(10)), 7, 3)
    expect(() => keyIdOf(object)).toThrow('format version 2; this program knows version 1')
  })
})

describe('a stream', () => {
  test('that is cut gives true plaintext until it fails', async () => {
    const object = encryptObject(key, context, fourChunks)
    await fc.assert(
      fc.asyncProperty(fc.nat(object.length - 1), anyCuts, async (length, cuts) => {
        const pieces: Buffer[] = []
        const source = streamOf(cutAt(object.subarray(0, length), cuts))
        const whole = async () => {
          for await (const piece of decryptStream(keys, context, source)) pieces.push(piece)
        }
        await expect(whole()).rejects.toThrow(DecryptionError)
        const seen = Buffer.concat(pieces)
        expect(seen.equals(fourChunks.subarray(0, seen.length))).toBe(true)
      }),
    )
  })

  test('that breaks never ends like a whole one', async () => {
    const pieces: Buffer[] = []
    const whole = async () => {
      for await (const piece of encryptStream(key, context, broken(), chunkSize)) pieces.push(piece)
    }
    await expect(whole()).rejects.toThrow('the disk is gone')
    expect(() => decryptObject(keys, context, Buffer.concat(pieces))).toThrow('truncated')
  })
})

describe('a mistake of the caller is refused', () => {
  test('a key id of the wrong length', () => {
    expect(() => new ObjectEncryptor({ id: randomBytes(15), key: key.key }, context)).toThrow(
      'a key id must have 16 bytes',
    )
  })

  test.each([
    [101, 0],
    [0, 101],
    [50, 51],
    [-1, 5],
    [5, -1],
    [3 * chunkSize, 5],
  ])('a range of a plaintext of 100 bytes that begins at %i and has %i', (offset, length) => {
    expect(() => sealedRange(offset, length, 100)).toThrow(RangeError)
  })
})

async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
  yield sampleBytes(2 * chunkSize)
  throw new Error('the disk is gone')
}

async function gathered(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream))
}

function readRange(plaintext: Buffer, offset: number, length: number): Buffer {
  const object = encryptObject(key, context, plaintext)
  const range = sealedRange(offset, length, plaintext.length)
  const sealed = object.subarray(range.offset, range.offset + range.length)
  expect(sealed).toHaveLength(range.length)
  const decryptor = openObject(keys, context, object.subarray(0, leadSize))
  return decryptor.open(sealed, range.firstChunk, range.final).subarray(range.skip, range.skip + length)
}

/** What both ways to decrypt fail with; where they differ, which with what. */
async function refusal(object: Buffer, place = context, lookup = keys): Promise<string> {
  const inMemory = await nameOfError(async () => decryptObject(lookup, place, object))
  const asStream = await nameOfError(() => gathered(decryptStream(lookup, place, streamOf([object]))))
  return inMemory === asStream ? inMemory : `in memory ${inMemory}, as a stream ${asStream}`
}

async function nameOfError(action: () => Promise<unknown>): Promise<string> {
  try {
    await action()
    return 'no error'
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}
