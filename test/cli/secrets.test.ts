import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSmallImmich } from '../immich/smallImmich.ts'
import { createBucket } from '../support/bucket.ts'
import { freePort } from '../support/ports.ts'
import { startPostgres } from '../support/postgres.ts'
import { s3Server } from '../support/s3Server.ts'
import { installed } from './running.ts'
import { s3Contents } from './secretPlaces.ts'
import { disguisesOf, Watcher } from './watching.ts'

/** The program is started a dozen times. */
const programRuns = { timeout: 180_000 }

test(
  'no secret shows: not in outputs, process lists, the state directory or the vault',
  programRuns,
  async () => {
    const server = await s3Server()
    await using bucket = await createBucket(server)
    await using postgres = await startPostgres()
    const database = await postgres.createDatabase('immich')
    await createSmallImmich(database, '3.1.0')
    const credentials = '{ accessKeyId: env:S3_KEY, secretAccessKey: env:S3_SECRET }'
    const config = `database: { url: env:DB_URL }
destinations:
  - { name: cloud, type: s3, bucket: ${bucket.name}, region: ${server.region}, endpoint: '${server.endpoint}', forcePathStyle: true, credentials: ${credentials} }`
    const env = { S3_KEY: server.accessKeyId, S3_SECRET: server.secretAccessKey, DB_URL: database }
    await using place = await installed({ 'library/1.jpg': Buffer.alloc(300_000, 'photo') }, config, env)
    const identity = await readFile(join(place.path, 'identity.txt'), 'utf8')
    // The server's own keys are known to everybody, and too short to look for.
    const secrets = [
      /AGE-SECRET-KEY-1\w+/.exec(identity)?.[0] ?? '',
      postgres.password,
      'not-the-secret-of-s3',
      'not-the-password',
    ]
    expect(secrets.every((secret) => secret.length > 10)).toBe(true)

    const watcher = new Watcher(place)
    const wrongPassword = database.replace(postgres.password, 'not-the-password')
    const nowhere = `postgres://postgres:${postgres.password}@127.0.0.1:${await freePort()}/immich`
    const runs: [string, Record<string, string>][] = [
      ['backup', {}],
      ['backup --json', {}],
      ['backup', { DB_URL: wrongPassword }],
      ['backup', { DB_URL: nowhere, BACKUP_MAX_RETRIES: '0' }],
      ['backup', { DB_URL: `postgres://postgres:${postgres.password}@[broken` }],
      ['backup', { S3_SECRET: 'not-the-secret-of-s3' }],
      ['check', { S3_SECRET: 'not-the-secret-of-s3' }],
      ['check', {}],
      ['status', {}],
      ['config list --json', {}],
      ['verify-restore --all', {}],
    ]
    const exitCodes: (number | null)[] = []
    for (const [command, changed] of runs) exitCodes.push(await watcher.run(command, { ...env, ...changed }))
    // The library lacks what the database names, and the last backup failed: `check` and `status` say so.
    expect(exitCodes).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0])
    expect(watcher.shown.join('\n')).toContain('pg_dump')
    const seen = [watcher.everything({ but: ['identity.txt'] }), await s3Contents(server, bucket.name)].join(
      '\n',
    )
    for (const disguise of secrets.flatMap(disguisesOf)) expect(seen.includes(disguise)).toBe(false)
  },
)
