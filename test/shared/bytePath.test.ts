import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fsPath, pathFromBytes, pathToBytes, printablePath } from '../../src/shared/bytePath.ts'

/** Sequences that a careless decoder takes for characters, or swallows. */
const trickySequences = {
  'a slash in two bytes': [0xc0, 0xaf],
  'a dot in three bytes': [0xe0, 0x80, 0xae],
  'a zero in two bytes': [0xc0, 0x80],
  'the escape U+DC80 itself': [0xed, 0xb2, 0x80],
  'the first surrogate': [0xed, 0xa0, 0x80],
  'a surrogate pair': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  'a character beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
  'a form of five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'a continuation alone': [0x80],
  'a character cut short': [0xf0, 0x9f, 0x98],
  'a byte that never occurs': [0xff],
}

const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text)),
      fc.constantFrom(...Object.values(trickySequences)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Uint8Array.from(part))))

describe('a path carried as a string', () => {
  test('gives back its bytes, whatever they are', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(pathToBytes(pathFromBytes(bytes))).toEqual(bytes)
      }),
      { numRuns: 2000 },
    )
  })

  test('gives back every single byte and every pair of bytes', () => {
    for (let pair = 0; pair < 0x10000; pair++) {
      const bytes = pair < 0x100 ? Buffer.of(pair) : Buffer.of(pair >> 8, pair & 0xff)
      expect(pathToBytes(pathFromBytes(bytes)).equals(bytes), `byte or pair ${pair}`).toBe(true)
    }
  })

  test('is the text itself where the bytes are text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(pathFromBytes(Buffer.from(text))).toBe(text)
        expect(pathToBytes(text)).toEqual(Buffer.from(text))
      }),
    )
  })

  test.each(['\uFFFD', '\uFEFFname', 'name\uFEFF', '', '\0', 'e\u0301', 'é', '😀', '\u{10FFFF}', 'a\nb'])(
    'keeps %j as it is',
    (text) => {
      expect(pathFromBytes(Buffer.from(text))).toBe(text)
    },
  )

  test.each(Object.entries(trickySequences))('escapes %s, byte by byte', (_, bytes) => {
    const path = pathFromBytes(Uint8Array.from([0x61, ...bytes, 0x62]))
    const escapes = bytes.map((byte) => String.fromCharCode(0xdc00 + byte)).join('')
    expect(path).toBe(`a${escapes}b`)
  })

  test('keeps U+FFFD and a byte that is no text apart', () => {
    const real = pathFromBytes(Buffer.from('\uFFFD'))
    const invalid = pathFromBytes(Buffer.of(0xff))
    expect(invalid).not.toBe(real)
    expect(pathToBytes(real)).not.toEqual(pathToBytes(invalid))
  })

  test('has a slash or a dot only where the bytes have one', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const path = pathFromBytes(bytes)
        for (const character of ['/', '.', '\0']) {
          const inBytes = bytes.filter((byte) => byte === character.charCodeAt(0)).length
          expect(path.split(character).length - 1).toBe(inBytes)
        }
      }),
    )
  })

  test('turns no escape into a slash, a dot or any other ASCII byte', () => {
    for (let code = 0xdc80; code <= 0xdcff; code++) {
      const bytes = pathToBytes(String.fromCharCode(code))
      expect(bytes).toEqual(Buffer.of(code & 0xff))
      expect(bytes[0]).toBeGreaterThanOrEqual(0x80)
    }
  })

  test('can be taken apart at its slashes and joined again', () => {
    fc.assert(
      fc.property(fc.array(anyBytes), (names) => {
        const joined = Buffer.concat(names.flatMap((name) => [name, Buffer.from('/')]))
        const parts = pathFromBytes(joined).split('/')
        expect(Buffer.concat(parts.flatMap((part) => [pathToBytes(part), Buffer.from('/')]))).toEqual(
          Buffer.concat([joined, Buffer.from('/')]),
        )
      }),
    )
  })

  test('survives JSON and structured clone', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const path = pathFromBytes(bytes)
        expect(pathToBytes(JSON.parse(JSON.stringify(path)))).toEqual(bytes)
        expect(pathToBytes(structuredClone(path))).toEqual(bytes)
      }),
    )
  })

  test('names a real file by its exact bytes', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-names-'))
    const names = [
      ...Object.values(trickySequences).map((bytes) => Buffer.from(bytes)),
      Buffer.from('ü 😀\n'),
    ]
    for (const name of names) await writeFile(fsPath(`${folder.path}/${pathFromBytes(name)}`), '')
    const found = await readdir(folder.path, { encoding: 'buffer' })
    expect(found.sort(inOrder)).toEqual(names.sort(inOrder))
    const throughStrings = found.map((name) => pathToBytes(pathFromBytes(name)))
    expect(throughStrings).toEqual(found)
  })
})

describe('a path shown to people', () => {
  test('holds no control character, no turning of the text, and no broken one', () => {
    const anyPath = fc.oneof(
      anyBytes.map(pathFromBytes),
      fc.string({
        unit: fc.constantFrom('\x1b', '\r', '\n', '\x7f', '\x9b', '\u202E', '\u2066', '\u2028', 'a', '/'),
      }),
    )
    fc.assert(
      fc.property(anyPath, (path) => {
        const shown = printablePath(path)
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u)
        expect(shown.isWellFormed()).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['library/Åre 😀/été.jpg', 'library/Åre 😀/été.jpg'],
    ['two\nlines\tand a tab', 'two\\nlines\\tand a tab'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['\x07', '\\x07'],
    ['gpj.\u202Eexe', 'gpj.\\u202eexe'],
    [pathFromBytes(Buffer.of(0x61, 0xff, 0x80)), 'a\\xff\\x80'],
  ])('%j is shown as %s', (path, shown) => {
    expect(printablePath(path)).toBe(shown)
  })
})

function inOrder(one: Buffer, other: Buffer): number {
  return one.compare(other)
}
