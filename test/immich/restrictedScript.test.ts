import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { knowsRestrict, restrictedScript } from '../../src/immich/restrictedScript.ts'

async function restricted(script: string, pieceSize = script.length): Promise<string> {
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const bytes = Buffer.from(script)
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
  }
  const out: Uint8Array[] = []
  for await (const piece of restrictedScript(pieces())) out.push(piece)
  return Buffer.concat(out).toString('utf8')
}

const long = '-- comment\n'.repeat(2000)

describe('a script for psql', () => {
  test('is SQL alone, under a key that is new each time', async () => {
    const [first, second] = [await restricted('SELECT 1;\n'), await restricted('SELECT 1;\n')]
    expect(first).toMatch(/^\\restrict (\w{48})\nSELECT 1;\n\\unrestrict \1\n$/)
    expect(first).not.toBe(second)
  })

  test('loses the lines of pg_dump, whose key stands in the dump, however it is cut into pieces', async () => {
    const dump = `-- PostgreSQL database dump\n\\restrict xyz\n${long}SELECT 1;\n\\unrestrict xyz\n\n`
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: dump.length }), async (pieceSize) => {
        const lines = (await restricted(dump, pieceSize)).split('\n').filter((line) => line.startsWith('\\'))
        expect(lines).toHaveLength(2)
        expect(lines.join()).not.toContain('xyz')
      }),
      { numRuns: 30 },
    )
  })

  test('keeps every other byte', async () => {
    const script = `${long}COPY t (a) FROM stdin;\n\\N\n\\.\nSELECT 'é';\n`
    const inner = (await restricted(script, 777)).split('\n').slice(1, -2).join('\n')
    expect(`${inner}\n`).toBe(script)
  })
})

test('psql knows the command since the minor versions of August 2025', () => {
  expect(knowsRestrict({ major: 15, minor: 13 })).toBe(false)
  expect(knowsRestrict({ major: 15, minor: 14 })).toBe(true)
  expect(knowsRestrict({ major: 17, minor: 5 })).toBe(false)
  expect(knowsRestrict({ major: 18, minor: 0 })).toBe(true)
  expect(knowsRestrict({ major: 12, minor: 22 })).toBe(false)
})
