import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { configTemplate } from '../../src/config/template.ts'
import { folderWith } from './folder.ts'

const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
const named = Array.from(example.matchAll(/^#(\w+)=/gm), ([, name]) => name ?? '')

/** Every variable that loading a configuration asks for, where nothing is set. */
async function askedFor(): Promise<Set<string>> {
  await using folder = await folderWith({
    'safelight.yaml': 'destinations: [{ name: google, type: gcs }]',
  })
  const asked = new Set<string>()
  const env = new Proxy<Record<string, string>>(
    {},
    { get: (_, name) => (typeof name === 'string' && asked.add(name) ? undefined : undefined) },
  )
  folder.problems(env)
  return asked
}

test('.env.example has every variable that a configuration is read from, and no other', async () => {
  const asked = await askedFor()
  for (const known of ['SAFELIGHT_CONFIG', 'HOME']) asked.delete(known)
  for (const name of asked)
    if (asked.has(name.replace(/_FILE$/, '')) && name.endsWith('_FILE')) asked.delete(name)
  const chosen = Array.from(configTemplate.matchAll(/env:([A-Z_][A-Z0-9_]+)/g), ([, name]) => name ?? '')
  const expected = new Set([
    ...asked,
    ...chosen.filter((name) => name !== 'NAME'),
    'OP_SERVICE_ACCOUNT_TOKEN',
  ])
  expect(named.toSorted()).toEqual([...expected].sort())
})

test('.env.example with every line turned on is what a configuration is made of', async () => {
  await using folder = await folderWith({
    '.env': example.replaceAll(/^#(?=\w+=)/gm, ''),
    'safelight.yaml': 'destinations: [{ name: google, type: gcs }]',
  })
  const origins = describeConfig(folder.load()).map(({ from }) => from)
  const shown = named.filter((name) => origins.includes(`variable ${name} in .env`))
  expect(shown).toEqual(
    expect.arrayContaining([
      'BACKUP_IMMICH_PATH',
      'DB_URL',
      'DB_SSL_MODE',
      'GCS_BUCKET',
      'GCS_CREDENTIALS',
      'XDG_STATE_HOME',
    ]),
  )
})
