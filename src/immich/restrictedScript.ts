/*
 * A dump is a script, and psql would run shell commands that somebody wrote into it (CVE-2025-8714). Since August 2025
 * psql can be told `\restrict KEY`: until `\unrestrict KEY` it takes SQL alone. pg_dump writes both lines into the dump
 * itself, with a key that whoever changed the dump can read; so those are taken out, and ours has a key of its own.
 */
import { randomBytes } from 'node:crypto'

/** Minor versions that brought `\restrict` to each major version. */
const firstMinors: ReadonlyMap<number, number> = new Map([
  [13, 22],
  [14, 19],
  [15, 14],
  [16, 10],
  [17, 6],
])

/** Whether a psql knows `\restrict`. */
export function knowsRestrict({ major, minor }: { major: number; minor: number }): boolean {
  const first = firstMinors.get(major)
  return first === undefined ? major >= 18 : minor >= first
}

/** pg_dump's `\restrict` stands among the first lines, and its `\unrestrict` is the last command. */
const headSize = 4096
const tailSize = 256
const restrictLine = /^\\restrict \w+\n/m
const unrestrictLine = /^\\unrestrict \w+\n(?=\s*$)/m

/** The same script, restricted to SQL from its first byte to its last by a key that nobody knew before. */
export async function* restrictedScript(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = randomBytes(24).toString('hex')
  yield Buffer.from(`\\restrict ${key}\n`)
  let held: Buffer = Buffer.alloc(0)
  let isHead = true
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk])
    if (isHead && held.length < headSize) continue
    if (isHead) held = without(restrictLine, held)
    isHead = false
    if (held.length <= tailSize) continue
    yield held.subarray(0, held.length - tailSize)
    held = held.subarray(held.length - tailSize)
  }
  if (isHead) held = without(restrictLine, held)
  yield without(unrestrictLine, held)
  yield Buffer.from(`\\unrestrict ${key}\n`)
}

/** Latin-1 keeps every byte as it is. */
function without(line: RegExp, bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(line, ''), 'latin1')
}
