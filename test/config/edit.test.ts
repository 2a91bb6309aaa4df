import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { editConfigText, newConfigText } from '../../src/config/edit.ts'
import { folderWith } from './folder.ts'

const written = `# mine
destinations:   # where
  - { name: disk,  type: local, path: /mnt/vault } # the old disk
  - name: usb
    type: local # slow
    path: "/mnt/usb"


ignore: [a,b,   c]   # oddly spaced
library: '/data'
`

test('a new file explains every field, and turns on those that are set where they stand', async () => {
  const text = editConfigText(newConfigText(), [
    { path: ['library'], value: '/srv/immich' },
    { path: ['identity'], value: 'file:identity.txt' },
    { path: ['destinations'], value: [{ name: 'disk', type: 'local', path: '/mnt/vault' }] },
  ])
  expect(text).toContain('\nlibrary: /srv/immich\n')
  expect(text).not.toContain('#library:')
  expect(text.indexOf('\nlibrary:')).toBeLessThan(text.indexOf('\ninclude:'))
  expect(text).toMatch(/\ndestinations:\n {2}- name: disk\n {4}type: local\n {4}path: \/mnt\/vault\n$/)
  const unchanged = newConfigText()
    .split('\n')
    .filter((line) => line.startsWith('# '))
  expect(text.split('\n').filter((line) => line.startsWith('# '))).toEqual(unchanged)
  await using folder = await folderWith({ 'safelight.yaml': text })
  expect(folder.problems()).toEqual([])
})

test('lines that are not edited stay as their author wrote them', () => {
  const text = editConfigText(written, [
    { path: ['destinations', 1, 'path'], value: '/mnt/other' },
    { path: ['host'], value: 'home' },
  ])
  expect(text).toBe(`${written.replace('path: "/mnt/usb"', 'path: /mnt/other')}host: home\n`)
})

test('an added destination is the last one, and a field that is taken out is gone', () => {
  const text = editConfigText(written, [
    { path: ['destinations', 2], value: { name: 'cloud', type: 's3', bucket: 'photos' } },
    { path: ['library'], value: undefined },
  ])
  expect(text).toContain('path: "/mnt/usb"\n  - name: cloud\n    type: s3\n    bucket: photos\n')
  expect(text).toContain('ignore: [a,b,   c]   # oddly spaced')
  expect(parse(text)).not.toHaveProperty('library')
})

test('whatever is set, it is what the file then says, and all else is as before', () => {
  const value = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.array(fc.string()),
    fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string()),
  )
  const field = fc.constantFrom('library', 'host', 'ignore', 'state', 'database')
  fc.assert(
    fc.property(field, value, fc.constantFrom(written, newConfigText(), ''), (name, set, text) => {
      const edited = editConfigText(text, [{ path: [name], value: set }])
      expect(parse(edited)).toEqual({ ...parse(text), [name]: set })
    }),
  )
})
