import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { fieldPatterns } from '../../src/config/schema.ts'
import { configTemplate } from '../../src/config/template.ts'
import { folderWith } from './folder.ts'

const documented = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
/** A list's items are documented with the list. */
const fields = fieldPatterns().filter((field) => !field.endsWith('[]'))
const rows = Array.from(documented.matchAll(/^\| `([^`]+)` +\|/gm), (row) => row[1] ?? '')

test('docs/configuration.md explains every field', () => {
  expect(fields.length).toBeGreaterThan(0)
  expect(fields.filter((field) => !rows.includes(field))).toEqual([])
})

test('docs/configuration.md explains no field that does not exist', () => {
  const lowerCase = rows.filter((row) => /^[a-z]/.test(row) && !/^(?:env|file|op):/.test(row))
  expect(lowerCase.filter((row) => !fields.includes(row))).toEqual([])
})

test('what config init writes is valid as it stands', async () => {
  await using folder = await folderWith({ 'safelight.yaml': configTemplate })
  expect(folder.problems()).toEqual([])
})

test('what config init writes is valid with every field turned on, and names every field of the top', async () => {
  const all = configTemplate
    .replaceAll(/^#(?! )/gm, '')
    .replaceAll(/^# {2}(?=[ -] )/gm, '  ')
    .replace('recovery: [age1...]', 'recovery: []')
  await using folder = await folderWith({ 'safelight.yaml': all })
  expect(folder.problems()).toEqual([])
  const top = fieldPatterns().filter((field) => /^\w+$/.test(field) && field !== 'vault')
  expect(top.filter((field) => !new RegExp(`^${field}:`, 'm').test(all))).toEqual([])
  expect(folder.load().destinations.map(({ name }) => name)).toEqual([
    'disk',
    'cloud',
    'friend',
    'elsewhere',
    'drive',
    'google',
  ])
})

test('every value tells where it came from', async () => {
  await using folder = await folderWith({
    'safelight.yaml':
      'host: main\nsources:\n  - name: dam\n    path: /dam\nidentity: env:KEY\npassphrase: env:NO\n',
    '.env': 'DB_HOSTNAME=postgres\nKEY=hunter2\n',
  })
  const env = { IMMICH_MEDIA_LOCATION: '/data', DB_PASSWORD: 'hunter2', XDG_STATE_HOME: '/state' }
  const settings = Object.fromEntries(
    describeConfig(folder.load(env)).map(({ field, value, from }) => [field, [value, from]]),
  )
  expect(settings).toMatchObject({
    host: ['main', 'safelight.yaml:1'],
    library: ['/data', 'variable IMMICH_MEDIA_LOCATION'],
    include: [['library', 'upload', 'profile', 'backups'], 'default'],
    'sources[0].name': ['dam', 'safelight.yaml:3'],
    'sources[0].priority': [50, 'default'],
    'database.variables.DB_HOSTNAME': ['postgres', 'variable DB_HOSTNAME in .env'],
    'database.variables.DB_PASSWORD': ['[secret from env:DB_PASSWORD]', 'variable DB_PASSWORD'],
    state: ['/state/safelight', 'variable XDG_STATE_HOME'],
    identity: ['[secret from env:KEY]', 'safelight.yaml:5'],
    passphrase: [expect.stringContaining('NO is not set'), 'safelight.yaml:6'],
    immichVersion: [null, 'default'],
  })
  expect(JSON.stringify(settings)).not.toContain('hunter2')
})
