import { posix } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isKey } from '../../src/storage/keys.ts'

test('what a vault holds are keys', () => {
  for (const key of [
    'vault.json',
    'keys/index/0.sealed',
    `objects/ab/${'c'.repeat(64)}`,
    'tmpfile',
    'a/tmp/b',
  ]) {
    expect({ key, isKey: isKey(key) }).toEqual({ key, isKey: true })
  }
})

test('no key leads out of its folder, into the temporary one, or to another spelling of itself', () => {
  const nasty = fc.constantFrom(
    '/',
    '.',
    '..',
    '../',
    '//',
    'tmp',
    'tmp/',
    'a',
    ' ',
    '\\',
    '\0',
    '\n',
    'é',
    '\u202e',
  )
  const names = fc.oneof(
    fc.string(),
    fc.array(nasty).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(names.filter(isKey), (key) => {
      expect(posix.join('/root', key)).toBe(`/root/${key}`)
      expect(key).toMatch(/^[ -~]+$/)
      expect(key.startsWith('tmp/')).toBe(false)
    }),
    { numRuns: 500 },
  )
})
