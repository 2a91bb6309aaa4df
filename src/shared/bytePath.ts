/*
 * Linux names are bytes. The program carries them as strings all the same: a byte that is not part of valid UTF-8
 * becomes the lone surrogate U+DC80..U+DCFF (Python's "surrogateescape", PEP 383). Such a string survives JSON and
 * structured clone, compares with ===, and gives its bytes back exactly.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The string for a name's bytes. */
export function pathFromBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return escapeInvalid(bytes)
  }
}

/** The bytes of a name: the exact inverse of {@link pathFromBytes}. */
export function pathToBytes(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path, 'utf8')
  const parts: Uint8Array[] = []
  for (const [run] of path.matchAll(/[\uDC80-\uDCFF]+|[^\uDC80-\uDCFF]+/gu)) {
    const escaped = isEscape(run.codePointAt(0) ?? 0)
    parts.push(escaped ? Uint8Array.from(run, (unit) => unit.charCodeAt(0) & 0xff) : Buffer.from(run, 'utf8'))
  }
  return Buffer.concat(parts)
}

/** What Node's file functions take: the string itself, or its bytes where the string is not plain UTF-8. */
export function fsPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : pathToBytes(path)
}

/** For people and logs: no control characters, and bytes that are no text as `\xNN`. */
export function printablePath(path: string): string {
  return path.replace(/[\uDC80-\uDCFF]|[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (isEscape(code)) return `\\x${(code - 0xdc00).toString(16)}`
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

function isEscape(code: number): boolean {
  return code >= 0xdc80 && code <= 0xdcff
}

function escapeInvalid(bytes: Uint8Array): string {
  let out = ''
  let start = 0
  while (start < bytes.length) {
    const length = validSequenceLength(bytes, start)
    if (length === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[start] ?? 0))
      start += 1
    } else {
      out += utf8.decode(bytes.subarray(start, start + length))
      start += length
    }
  }
  return out
}

/** Length of the one valid UTF-8 sequence at `start`, or 0. The decoder judges, so that overlong forms are invalid. */
function validSequenceLength(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0
  if (length === 0 || start + length > bytes.length) return 0
  try {
    utf8.decode(bytes.subarray(start, start + length))
    return length
  } catch {
    return 0
  }
}
