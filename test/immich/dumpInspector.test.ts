import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkRows, DumpInspector } from '../../src/immich/dumpInspector.ts'

const dump = `--
-- PostgreSQL database dump
--

\\restrict abc123

-- Dumped from database version 17.6 (Debian 17.6-1)
-- Dumped by pg_dump version 17.6 (Debian 17.6-1)

SET statement_timeout = 0;
COPY public.asset (id, "originalPath") FROM stdin;
1\t/data/a\\nb
2\t-- PostgreSQL database dump complete
3\tCOPY public.x (y) FROM stdin;
\\.


COPY public."user" (id) FROM stdin;
\\.


--
-- PostgreSQL database dump complete
--

\\unrestrict abc123

`
const bytes = Buffer.from(dump)

function inspect(...chunks: Uint8Array[]) {
  const inspector = new DumpInspector()
  for (const chunk of chunks) inspector.push(chunk)
  return inspector
}

test('a complete dump is counted, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
      const inspector = inspect(...edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge)))
      expect(inspector.pgDumpMajor).toBe(17)
      expect(inspector.finish()).toEqual({
        rows: new Map([
          ['public.asset', 3],
          ['public."user"', 0],
        ]),
        sqlBytes: bytes.length,
      })
    }),
  )
})

test('without its closing line, a dump is incomplete wherever it was cut', () => {
  const closing = bytes.lastIndexOf('-- PostgreSQL database dump complete\n')
  for (let length = 0; length < closing; length++) {
    expect(() => inspect(bytes.subarray(0, length)).finish(), `${length} bytes`).toThrow(
      expect.objectContaining({ name: 'IncompleteDumpError' }),
    )
  }
})

test('a dump of older minor versions ends without \\unrestrict', () => {
  const older = Buffer.from(dump.replace(/\\(?:un)?restrict.*\n\n/g, ''))
  expect(inspect(older).finish().rows.get('public.asset')).toBe(3)
})

test('something after the closing line is no dump’s end', () => {
  expect(() => inspect(bytes, Buffer.from('SELECT 1;\n')).finish()).toThrow('cut short')
  expect(() => inspect(bytes, Buffer.from('--')).finish()).toThrow('cut short')
})

test('a row longer than any buffer is one row', () => {
  const long = Buffer.from(dump.replace('/data/a', 'x'.repeat(300_000)))
  const chunks = Array.from({ length: Math.ceil(long.length / 1000) }, (_, i) =>
    long.subarray(i * 1000, (i + 1) * 1000),
  )
  expect(
    inspect(...chunks)
      .finish()
      .rows.get('public.asset'),
  ).toBe(3)
})

test('rows that the database has and the dump lacks are told', () => {
  const contents = inspect(bytes).finish()
  checkRows(contents, new Map([['public.asset', 3]]))
  expect(() => checkRows(contents, new Map([['public."user"', 2]]))).toThrow(
    'the dump has 0 rows of public."user", the database 2',
  )
  expect(() => checkRows(contents, new Map([['public.album', 1]]))).toThrow('0 rows of public.album')
})
