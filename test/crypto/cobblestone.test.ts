import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chunkSize,
  DecryptionError,
  MessageDecryptor,
  MessageEncryptor,
  messageSize,
  plaintextSizeOf,
  prefixSize,
  saltSize,
  sealedChunkSize,
} from '../../src/crypto/cobblestone.ts'
import { anySize, borderSizes, sampleBytes } from './samples.ts'

interface Vector {
  tcId: number
  comment: string
  key: string
  ctx: string
  ct: string
  result: 'valid' | 'invalid'
  flags: string[]
  msgLength?: number
  msgSha512?: string
}

interface VectorFile {
  numberOfTests: number
  testGroups: { tests: Vector[] }[]
}

// Wycheproof's, from https://github.com/C2SP/wycheproof. They are not part of this repository.
const vectorFile = join(
  process.env.SAFELIGHT_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'c2sp_chunked_encryption_aes_256_gcm_test.json',
)
const haveVectors = existsSync(vectorFile)
if (!haveVectors)
  console.warn(`skipped: no official vectors at ${vectorFile}; SAFELIGHT_VECTORS names their folder`)
const { numberOfTests, testGroups }: VectorFile = haveVectors
  ? JSON.parse(readFileSync(vectorFile, 'utf8'))
  : { numberOfTests: 0, testGroups: [] }
const vectors = testGroups.flatMap((group) => group.tests)

describe.skipIf(!haveVectors)('the official vectors', () => {
  test('are all here', () => {
    expect(vectors).toHaveLength(numberOfTests)
    expect(vectors.filter(isValid).length).toBeGreaterThan(0)
    expect(vectors.filter(isValid).length).toBeLessThan(numberOfTests)
  })

  test.for(vectors.filter(isValid))('valid $tcId is decrypted: $comment', (vector) => {
    const message = messageOf(vector)
    const plaintext = decryptorOf(vector).open(message.subarray(prefixSize), 0, true)
    expectPlaintext(plaintext, vector)
    expect(plaintextSizeOf(message.length)).toBe(plaintext.length)
    expect(messageSize(plaintext.length)).toBe(message.length)
  })

  test.for(vectors.filter(isValid))(
    'valid $tcId comes out of encryption, byte for byte: $comment',
    (vector) => {
      const message = messageOf(vector)
      const plaintext = decryptorOf(vector).open(message.subarray(prefixSize), 0, true)
      const salt = message.subarray(0, saltSize)
      expect(sealWhole(keyOf(vector), contextOf(vector), plaintext, salt).equals(message)).toBe(true)
    },
  )

  test.for(vectors.filter(isValid))('valid $tcId is decrypted in any order of chunks: $comment', (vector) => {
    const body = messageOf(vector).subarray(prefixSize)
    const decryptor = decryptorOf(vector)
    const plaintext = decryptor.open(body, 0, true)
    const last = Math.floor(body.length / sealedChunkSize)
    for (let number = last; number >= 0; number--) {
      const place = [number * chunkSize, (number + 1) * chunkSize]
      const sealed = body.subarray(number * sealedChunkSize, (number + 1) * sealedChunkSize)
      expect(decryptor.open(sealed, number, number === last)).toEqual(plaintext.subarray(...place))
    }
  })

  test.for(vectors.filter(isBadFromTheStart))(
    'invalid $tcId is refused before any chunk: $comment',
    (vector) => {
      expect(() => decryptorOf(vector)).toThrow(
        vector.flags.includes('InvalidKeySize') ? 'the key must have 32 bytes' : DecryptionError,
      )
    },
  )

  test.for(vectors.filter(isBadLater))('invalid $tcId is refused: $comment', (vector) => {
    const body = messageOf(vector).subarray(prefixSize)
    const decryptor = decryptorOf(vector)
    expect(() => decryptor.open(body, 0, true)).toThrow(DecryptionError)

    const { plaintext, error } = openChunkByChunk(decryptor, body)
    expect(error).toBeInstanceOf(DecryptionError)
    expectPlaintext(plaintext, vector.flags.includes('PartialPlaintext') ? vector : nothing)
  })

  test.for(vectors.filter(isBadLater))(
    'invalid $tcId ends authentic only where it says so: $comment',
    (vector) => {
      const body = messageOf(vector).subarray(prefixSize)
      const decryptor = decryptorOf(vector)
      const last = Math.floor(body.length / sealedChunkSize)
      const error = errorOf(() => decryptor.open(body.subarray(last * sealedChunkSize), last, true))
      expect(error?.name).toBe(vector.flags.includes('ValidFinalChunk') ? undefined : 'DecryptionError')
    },
  )
})

describe('an independent implementation in Python', () => {
  const key = randomBytes(32)
  const context = Buffer.from('safelight/1/00/objects/\0é')

  test('decrypts what we encrypt', () => {
    const plaintexts = borderSizes.map(sampleBytes)
    const cases = plaintexts.map((plaintext) => ({
      open: sealWhole(key, context, plaintext).toString('hex'),
      key: key.toString('hex'),
      context: context.toString('hex'),
    }))
    expect(askPython(cases)).toEqual(plaintexts)
  })

  test('encrypts what we decrypt, chunk numbers beyond 32 bits included', () => {
    const plaintext = sampleBytes(2 * chunkSize + 5)
    const firstChunks = [0, 255, 65_535, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 37, 2 ** 38 - 3]
    const messages = askPython(
      firstChunks.map((first) => ({
        seal: plaintext.toString('hex'),
        key: key.toString('hex'),
        context: context.toString('hex'),
        salt: randomBytes(saltSize).toString('hex'),
        first,
      })),
    )
    for (const [i, message] of messages.entries()) {
      const decryptor = new MessageDecryptor(key, context, message.subarray(0, prefixSize))
      const opened = decryptor.open(message.subarray(prefixSize), firstChunks[i] ?? 0, true)
      expect(opened.equals(plaintext), `chunks from ${firstChunks[i]} on`).toBe(true)
    }
  })
})

describe('a message', () => {
  const key = randomBytes(32)
  const context = Buffer.from('here')

  test('has a length that tells the length of its plaintext', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anySize,
          fc.maxSafeNat().map((n) => Math.floor(n / 4)),
        ),
        (size) => {
          expect(plaintextSizeOf(messageSize(size))).toBe(size)
        },
      ),
    )
  })

  test('never has one of the lengths that only a cut can make', () => {
    const lengths = new Set(Array.from({ length: 2 * chunkSize + 1 }, (_, size) => messageSize(size)))
    for (let length = 0; length < messageSize(2 * chunkSize); length++) {
      expect(errorOf(() => plaintextSizeOf(length)) === undefined, `length ${length}`).toBe(
        lengths.has(length),
      )
    }
  })

  test('may not be longer than 2^38 chunks', () => {
    const message = sealWhole(key, context, Buffer.alloc(0))
    const decryptor = new MessageDecryptor(key, context, message.subarray(0, prefixSize))
    expect(() => decryptor.open(message.subarray(prefixSize), 2 ** 38, true)).toThrow('at most 2^38 chunks')
  })

  test('has a salt of its own, so the same plaintext never looks the same', () => {
    const [one, two] = [0, 1].map(() => sealWhole(key, context, sampleBytes(100)))
    expect(one?.subarray(0, saltSize)).not.toEqual(two?.subarray(0, saltSize))
    expect(one?.subarray(prefixSize)).not.toEqual(two?.subarray(prefixSize))
  })

  test('takes nothing after its final piece', () => {
    const encryptor = new MessageEncryptor(key, context)
    const target = Buffer.alloc(100)
    encryptor.seal(Buffer.from('all'), target, true)
    expect(() => encryptor.seal(Buffer.from('more'), target, true)).toThrow('already complete')
  })

  test('takes whole chunks only, until its final piece', () => {
    const encryptor = new MessageEncryptor(key, context)
    const target = Buffer.alloc(messageSize(chunkSize))
    expect(() => encryptor.seal(sampleBytes(chunkSize - 1), target, false)).toThrow('whole chunks')
  })

  test.each([0, 16, 31, 33])('is not made with a key of %i bytes', (size) => {
    expect(() => new MessageEncryptor(randomBytes(size), context)).toThrow('the key must have 32 bytes')
  })

  test.each([0, 12, 23, 25])('is not made with a salt of %i bytes', (size) => {
    expect(() => new MessageEncryptor(key, context, randomBytes(size))).toThrow('the salt must have 24 bytes')
  })
})

function isValid(vector: Vector): boolean {
  return vector.result === 'valid'
}

function isBadFromTheStart(vector: Vector): boolean {
  return !isValid(vector) && vector.flags.includes('HeaderFailure')
}

function isBadLater(vector: Vector): boolean {
  return !isValid(vector) && !vector.flags.includes('HeaderFailure')
}

function keyOf(vector: Vector): Buffer {
  return Buffer.from(vector.key, 'hex')
}

function contextOf(vector: Vector): Buffer {
  return Buffer.from(vector.ctx, 'hex')
}

function messageOf(vector: Vector): Buffer {
  return inflateSync(Buffer.from(vector.ct, 'hex'))
}

function decryptorOf(vector: Vector): MessageDecryptor {
  return new MessageDecryptor(keyOf(vector), contextOf(vector), messageOf(vector).subarray(0, prefixSize))
}

const nothing = { msgLength: 0, msgSha512: createHash('sha512').digest('hex') }

function expectPlaintext(plaintext: Buffer, vector: Pick<Vector, 'msgLength' | 'msgSha512'>): void {
  expect(plaintext).toHaveLength(vector.msgLength ?? Number.NaN)
  expect(createHash('sha512').update(plaintext).digest('hex')).toBe(vector.msgSha512)
}

function errorOf(action: () => unknown): Error | undefined {
  try {
    action()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
  return undefined
}

/** Decrypts as a stream would, and gives what came out before the first error. */
function openChunkByChunk(decryptor: MessageDecryptor, body: Buffer): { plaintext: Buffer; error: unknown } {
  const chunks: Buffer[] = []
  const last = Math.floor(body.length / sealedChunkSize)
  const error = errorOf(() => {
    for (let number = 0; number <= last; number++) {
      const sealed = body.subarray(number * sealedChunkSize, (number + 1) * sealedChunkSize)
      chunks.push(decryptor.open(sealed, number, number === last))
    }
  })
  return { plaintext: Buffer.concat(chunks), error }
}

function sealWhole(key: Buffer, context: Buffer, plaintext: Buffer, salt?: Buffer): Buffer {
  const encryptor = new MessageEncryptor(key, context, salt)
  const body = Buffer.alloc(messageSize(plaintext.length) - prefixSize)
  expect(encryptor.seal(plaintext, body, true)).toBe(body.length)
  return Buffer.concat([encryptor.prefix, body])
}

/** The results of `cobblestone.py`, on Debian's `python3-cryptography`. */
function askPython(cases: readonly object[]): Buffer[] {
  const script = join(import.meta.dirname, 'cobblestone.py')
  const options = { input: JSON.stringify(cases), encoding: 'utf8', timeout: 60_000 } as const
  const results: string[] = JSON.parse(execFileSync('/usr/bin/python3', [script], options))
  return results.map((hex) => Buffer.from(hex, 'hex'))
}
