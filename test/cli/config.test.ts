import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configTemplate } from '../../src/config/template.ts'
import { workplace } from './safelight.ts'

test('config init writes a commented file that everybody may read, and config list takes it', async () => {
  await using place = await workplace()
  const file = join(place.path, 'safelight.yaml')
  const written = await place.run(['config', 'init'])
  expect(written).toMatchObject({ exitCode: 0, stderr: '' })
  expect(written.stdout).toContain(`Wrote ${file}.`)
  expect(await readFile(file, 'utf8')).toBe(configTemplate)
  expect((await stat(file)).mode & 0o777).toBe(0o644)
  const listed = await place.run(['config', 'list'])
  expect(listed.exitCode).toBe(0)
  expect(listed.stdout).toMatch(/^destinations\[0\]\.path +\/mnt\/vault +safelight\.yaml:\d+$/m)
})

test('config init never writes over an existing file', async () => {
  await using place = await workplace()
  await writeFile(join(place.path, 'mine.yaml'), 'host: mine\n')
  const { exitCode, stderr } = await place.run(['config', 'init', '--out', 'mine.yaml'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('exists already, and is never overwritten')
  expect(await readFile(join(place.path, 'mine.yaml'), 'utf8')).toBe('host: mine\n')
})

test('config list --json is one document, with secrets only by their reference', async () => {
  await using place = await workplace()
  await writeFile(join(place.path, 'own.yaml'), 'identity: env:KEY\ndatabase: { url: env:URL }\n')
  await writeFile(join(place.path, '.env'), 'URL=postgres://u:hunter2@h/db\n')
  const env = { KEY: 'hunter2', IMMICH_MEDIA_LOCATION: '/data' }
  const { exitCode, stdout, stderr } = await place.run(['config', 'list', '--json', '--config', 'own.yaml'], {
    env,
  })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).not.toContain('hunter2')
  expect(JSON.parse(stdout)).toEqual({
    file: join(place.path, 'own.yaml'),
    settings: expect.arrayContaining([
      { field: 'host', value: 'main', from: 'default' },
      { field: 'library', value: '/data', from: 'variable IMMICH_MEDIA_LOCATION' },
      { field: 'identity', value: '[secret from env:KEY]', from: 'own.yaml:1' },
      { field: 'database.url', value: '[secret from env:URL]', from: 'own.yaml:2' },
    ]),
  })
})

test('problems of the configuration go to stderr without a stack, and nothing to stdout', async () => {
  await using place = await workplace()
  await writeFile(join(place.path, 'safelight.yaml'), 'hots: main\nidentity: hunter2\n')
  expect(await place.run(['config', 'list', '--json'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `error: the configuration has 2 problems
  safelight.yaml:1:1: hots: there is no such field; did you mean host?
  safelight.yaml:2:11: identity: takes a reference to the secret, env:NAME, file:/path or op://vault/item/field, and never the secret itself
`,
  })
})
