import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { folderWith } from './folder.ts'

async function problemsOf(
  yaml: string,
  needs: Parameters<Awaited<ReturnType<typeof folderWith>>['problems']>[1] = [],
) {
  await using folder = await folderWith({ 'safelight.yaml': yaml })
  return folder.problems({}, needs)
}

test('all problems are told at once, in the order of the file, with line and column', async () => {
  const yaml = `hots: main
library: /there/is/no/such/folder
include: [library, uplod]
sources:
  - { name: dam, path: /, priority: high }
  - { name: dam, path: /nor/this }
compare: [size]
writeOnly: yes
destinations:
  - { name: Disk!, type: local, path: /mnt, bucket: b }
  - { name: cloud, type: s3 }
  - { name: cloud, type: ftp }
  - just text
`
  expect(await problemsOf(yaml, ['library'])).toEqual([
    'the configuration has 13 problems',
    'safelight.yaml:1:1: hots: there is no such field; did you mean host?',
    'safelight.yaml:2:10: library: there is no folder /there/is/no/such/folder',
    'safelight.yaml:3:20: include[1]: takes one of library, upload, profile, backups, thumbs, encoded-video; did you mean upload?',
    'safelight.yaml:5:37: sources[0].priority: takes a number, and here is a text',
    'safelight.yaml:6:13: sources[1].name: is the name of sources[0] already',
    'safelight.yaml:7:10: compare: needs size and mtime at least: without them a changed file would be missed',
    'safelight.yaml:8:12: writeOnly: takes true or false, and here is a text',
    'safelight.yaml:10:13: destinations[0].name: a name has 1 to 64 lower-case letters, digits and hyphens, nothing else',
    'safelight.yaml:10:45: destinations[0].bucket: is no field of this type of destination',
    'safelight.yaml:11:5: destinations[1].bucket: is missing; it takes a text',
    'safelight.yaml:12:13: destinations[2].name: is the name of destinations[1] already',
    expect.stringMatching(/^safelight.yaml:12:26: destinations\[2\].type: takes one of local, s3/),
    'safelight.yaml:13:5: destinations[3]: takes a mapping of fields, and here is a text',
  ])
})

test.each([
  ['host: 5', '1:7: host: takes a text, and here is a number; put it in quotes'],
  ['host: Main', '1:7: host: a name has'],
  [
    'sources: [{ name: upload, path: /x }]',
    '1:19: sources[0].name: is the name of a source that is always there',
  ],
  ['database: true', '1:11: database: takes false or a mapping of fields, and here is true or false'],
  ['database: { urll: env:X }', '1:13: database.urll: there is no such field; did you mean url?'],
  ['database:\n  ca: /ca.pem', '2:7: database.ca: takes a reference'],
  ['immichVersion: 3.1', '1:16: immichVersion: takes a text, and here is a number; put it in quotes'],
  ['immichVersion: "3.1"', '1:16: immichVersion: has the form v3.1.0'],
  ['immichServer: immich:2283', '1:15: immichServer: is no http or https URL'],
  ['immichServer: https://u:p@immich', '1:15: immichServer: must not hold a user name or a password'],
  ['ignore: ["[z-a]"]', '1:10: ignore[0]: is no valid glob pattern'],
  ['include: [library, library]', '1:10: include: names something twice'],
  ['recovery:', 'recovery: takes a list, and here is nothing'],
  ['recovery: [age1abc]', '1:12: recovery[0]: is no '],
  [
    'recovery: [age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t]',
    '1:12: recovery[0]: is no native age recipient',
  ],
  ['writeOnly: true', '1:12: writeOnly: needs recovery recipients'],
  ['vault: { id: abc, fingerprint: "0" }', '1:14: vault.id: has 32 hexadecimal digits'],
  [
    'destinations: [{ name: a, type: s3, bucket: b, prefix: /x }]',
    '1:56: destinations[0].prefix: has no slash at its ends',
  ],
  [
    'destinations: [{ name: a, type: s3, bucket: b, prefix: x/../y }]',
    '1:56: destinations[0].prefix: has no slash at its ends',
  ],
  ['- host: main', '1:1: the file should hold'],
  ['just text', '1:1: the file should hold'],
  ['host: a\nhost: b', '2:1: no valid YAML: Map keys must be unique'],
  ['host: [a', 'no valid YAML'],
  ['a: &x [1]\nhost: *y', 'an alias names no anchor'],
])('%j is refused as: %s', async (yaml, message) => {
  expect(await problemsOf(yaml)).toContainEqual(expect.stringContaining(message))
})

test('the vault of the first destination is not pinned twice', async () => {
  const pin = `{ id: ${'a'.repeat(32)}, fingerprint: ${'b'.repeat(32)} }`
  const yaml = `vault: ${pin}\ndestinations: [{ name: a, type: local, path: /a, vault: ${pin} }]`
  expect(await problemsOf(yaml)).toContainEqual(
    expect.stringContaining('1:8: vault: pins the first destination'),
  )
})

test('every missing secret is told, with the field and what was looked for', async () => {
  const yaml = `identity: file:no-such-file
database: { url: env:NO_URL }
destinations:
  - { name: c, type: s3, bucket: b, credentials: { accessKeyId: env:NO_ID, secretAccessKey: env:NO_KEY } }`
  expect(await problemsOf(yaml, ['identity', 'database', 'destinations'])).toEqual([
    'the configuration has 4 problems',
    expect.stringMatching(/^safelight.yaml:1:11: identity: there is no file .*\/no-such-file$/),
    'safelight.yaml:2:18: database.url: environment variable NO_URL is not set',
    'safelight.yaml:4:65: destinations[0].credentials.accessKeyId: environment variable NO_ID is not set',
    'safelight.yaml:4:93: destinations[0].credentials.secretAccessKey: environment variable NO_KEY is not set',
  ])
})

test('an unusable database URL is told without the URL', async () => {
  await using folder = await folderWith({ 'safelight.yaml': 'database: { url: env:URL }' })
  const problems = folder.problems({ URL: 'postgres://u:hunter2@h:port/db' }, ['database']).join('\n')
  expect(problems).toContain('safelight.yaml:1:18: database.url: ')
  expect(problems).not.toContain('hunter2')
})

test('aliases that would fill the memory are refused at once', async () => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  )
  expect(await problemsOf(['l0: &l0 [x]', ...levels].join('\n'))).toContainEqual(
    expect.stringContaining('aliases repeat too much'),
  )
})

test('a secret that was written into the file is never repeated, whatever the file looks like', async () => {
  const secretFields = [
    'identity: ',
    'passphrase: ',
    'database: { url: ',
    'database: ',
    'recovery: ',
    'recovery: [',
    'destinations: [{ credentials: { secretAccessKey: ',
    'destinations: [{ credentials: ',
  ]
  const around = fc.constantFrom(
    '"\\',
    '\n%',
    '',
    "'",
    '"',
    '*',
    '&',
    '!',
    '%',
    '@',
    '{',
    '[',
    ': ',
    '- ',
    '\t',
    '|\n  ',
    '#',
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...secretFields), around, around, async (field, before, after) => {
      const problems = await problemsOf(`${field}${before}hunter2swordfish${after}`)
      expect(problems.join('\n')).not.toContain('hunter2swordfish')
    }),
    { numRuns: 200 },
  )
})
