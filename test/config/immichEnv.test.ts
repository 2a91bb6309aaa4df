import { join } from 'node:path'
import { expect, test } from 'vitest'
import { databaseSettings } from '../../src/config/database.ts'
import { describeConfig } from '../../src/config/describe.ts'
import { folderWith } from './folder.ts'

const immich = {
  'immich/.env': 'DB_PASSWORD=hunter2\nDB_USERNAME=ada\nDB_DATABASE_NAME=photos\nUPLOAD_LOCATION=./library\n',
}

test("the database's variables are read from Immich's own .env file, whose secrets stay there", async () => {
  await using folder = await folderWith({
    ...immich,
    'safelight.yaml': 'database: { env: immich/.env, host: 127.0.0.1, port: 5433 }',
  })
  const config = folder.load({ DB_PASSWORD: 'another' }, ['database'])
  expect(config.database && databaseSettings(config.database)).toEqual({
    host: '127.0.0.1',
    port: 5433,
    user: 'ada',
    password: 'hunter2',
    database: 'photos',
    tls: { mode: 'prefer' },
  })
  const shown = describeConfig(config)
  expect(shown).toContainEqual({
    field: 'database.variables.DB_USERNAME',
    value: 'ada',
    from: 'variable DB_USERNAME in immich/.env',
  })
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})

test.each([
  [{}, 'there is no file'],
  [{ 'immich/.env': 'UPLOAD_LOCATION=./library\n' }, "sets no variable of Immich's database"],
])('a file that does not tell is a problem of the command that needs it: %j', async (files, message) => {
  await using folder = await folderWith({ ...files, 'safelight.yaml': 'database: { env: immich/.env }' })
  folder.load()
  const [, problem] = folder.problems({}, ['database'])
  expect(problem).toContain(message)
  expect(problem).toContain(join(folder.path, 'immich/.env'))
})

test('a whole URL leaves nothing for the others to say', async () => {
  await using folder = await folderWith({ 'safelight.yaml': 'database: { url: env:DB, host: localhost }' })
  expect(folder.problems()).toContainEqual(expect.stringContaining('database.url: says all of it'))
})
