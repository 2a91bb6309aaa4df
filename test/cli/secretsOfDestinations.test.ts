import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { DriveOptions } from '../../src/storage/options.ts'
import { drivePlace } from '../support/drive.ts'
import { installed } from './running.ts'
import { gcsPlace, rclonePlace, sftpPlace, type SecretPlace } from './secretPlaces.ts'
import { disguisesOf, Watcher } from './watching.ts'

/** The program is started a dozen times. */
const programRuns = { timeout: 180_000 }

const places: [string, () => Promise<SecretPlace>][] = [
  ['gcs', gcsPlace],
  ['sftp', sftpPlace],
  ['rclone', rclonePlace],
]

test.each(places)('no secret of %s shows, whether it lets us in or not', programRuns, async (_type, open) => {
  await using destination = await open()
  const { fields, env, wrong, secrets } = destination
  const config = `database: false\ndestinations: [{ name: there, ${fields} }]`
  await using place = await installed({ 'library/1.jpg': Buffer.alloc(300_000, 'photo') }, config, env)
  const watcher = new Watcher(place)
  const inTurn = ['backup', 'verify-restore --all', 'check --json', 'config list']
  for (const command of inTurn) expect([command, await watcher.run(command, env)]).toEqual([command, 0])
  const refused = wrong.flatMap((changed) =>
    ['check', 'backup'].map((command) =>
      watcher.run(command, { ...env, ...changed, BACKUP_MAX_RETRIES: '0' }),
    ),
  )
  expect(new Set(await Promise.all(refused))).toEqual(new Set(refused.length > 0 ? [1] : []))
  const stored = await destination.stored()
  expect(stored.length).toBeGreaterThan(300_000)
  const seen = [watcher.everything({ but: ['identity.txt'] }), stored].join('\n')
  for (const disguise of secrets.flatMap(disguisesOf)) expect(seen.includes(disguise)).toBe(false)
})

test('no secret of drive shows in errors, in what is remembered or in what is stored', async () => {
  await using place = await drivePlace()
  const { serviceAccount = '' } = place.options.credentials as { serviceAccount?: string }
  const key = JSON.parse(serviceAccount) as { private_key: string }
  const oauth = {
    clientId: 'the-client',
    clientSecret: 'a-client-secret-1234',
    refreshToken: 'a-refresh-token-1234',
  }
  const wrong: DriveOptions['credentials'][] = [
    oauth,
    { serviceAccount: JSON.stringify({ ...key, client_email: 'stranger@example.com' }) },
    { serviceAccount: key.private_key },
  ]
  const storage = place.open()
  await storage.put('objects/ab/cd', Buffer.alloc(1000), { kind: 'content' })
  const seen: string[] = []
  for (const credentials of wrong) {
    const failure = async () =>
      await place.open({ credentials }).put('vault.json', Buffer.alloc(1), { kind: 'index' })
    const error: unknown = await failure().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    seen.push(inspect(error, { depth: 20, showHidden: true }))
  }
  seen.push(inspect(place.server.files.all(), { depth: 5, maxStringLength: null }))
  const secrets = [key.private_key, oauth.clientSecret, oauth.refreshToken]
  for (const disguise of secrets.flatMap(disguisesOf)) expect(seen.join('\n').includes(disguise)).toBe(false)
})
