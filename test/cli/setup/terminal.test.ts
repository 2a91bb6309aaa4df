import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSmallImmich } from '../../immich/smallImmich.ts'
import { startPostgres } from '../../support/postgres.ts'
import { workplace } from '../safelight.ts'
import { layImmich } from './place.ts'

test('with an Immich .env and nothing else: setup local, backup, status', async () => {
  await using postgres = await startPostgres()
  await createSmallImmich(await postgres.createDatabase('immich'), '3.1.0')
  await using place = await workplace()
  await mkdir(join(place.path, 'mnt'))
  const { user, password, port } = postgres
  await layImmich(
    place.path,
    `DB_USERNAME=${user}\nDB_PASSWORD=${password}\nDB_DATABASE_NAME=immich\nDB_PORT=${port}\n`,
  )
  const shown = await place.atTerminal(
    'safelight setup local; safelight backup; safelight status; echo "exit code $?"',
    [
      ['destination be called?', '\r'],
      ["Immich's library?", '\r'],
      ['backups lie?', 'mnt/vault\r'],
      ['secrets be kept?', '\r'],
      ['passphrase protect', '\r'],
      ['Shall it be set up so?', '\r'],
      ['kept away from this machine?', 'y'],
    ],
  )
  expect(shown).toContain(`Looking for the database at 127.0.0.1:${port}`)
  expect(shown).toContain('all the same')
  expect(shown).toMatch(/disk: .*snapshot/)
  expect(shown).toContain('Immich 3.1.0')
  expect(shown).toMatch(/last good backup/)
  expect(shown).not.toContain(password)
  expect(shown).not.toContain('error:')
})

test('Ctrl-C while something is looked at takes everything back', async () => {
  await using place = await workplace()
  await mkdir(join(place.path, 'mnt'))
  await layImmich(join(place.path, 'immich-app'))
  const before = await readdir(place.path, { recursive: true })
  const command = 'safelight setup local --name disk --path mnt/vault --database none --secrets files'
  const shown = await place.atTerminal(`trap : INT; ${command} --passphrase none; echo "exit code $?"`, [
    ["Immich's library?", '\r'],
    ['Checking this machine', '\u0003'],
  ])
  expect(shown).toContain('interrupted')
  expect(shown).toContain('exit code 130')
  expect(await readdir(place.path, { recursive: true })).toEqual(before)
})
