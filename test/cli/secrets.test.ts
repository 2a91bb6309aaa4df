import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { createSmallImmich } from '../immich/smallImmich.ts'
import { createBucket, s3Client } from '../support/bucket.ts'
import { freePort } from '../support/ports.ts'
import { startPostgres } from '../support/postgres.ts'
import { s3Server } from '../support/s3Server.ts'
import { installed, start } from './running.ts'

/** The arguments of every process on this machine. */
function processArguments(): string {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return ids.map(argumentsOf).join('\n')
}

function argumentsOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

/** The contents of all files below a folder. */
function contentsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}

test('no secret shows: not in outputs, process lists, the state directory or the vault', async () => {
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
  const secrets = [
    /AGE-SECRET-KEY-1\w+/.exec(identity)?.[0] ?? '',
    postgres.password,
    'not-the-secret-of-s3',
    'not-the-password',
  ]
  expect(secrets.every((secret) => secret.length > 10)).toBe(true)

  const shown: string[] = []
  const wrongPassword = database.replace(postgres.password, 'not-the-password')
  const nowhere = `postgres://postgres:${postgres.password}@127.0.0.1:${await freePort()}/immich`
  const runs: [string, Record<string, string>][] = [
    ['backup', {}],
    ['backup --json', {}],
    ['backup', { DB_URL: wrongPassword }],
    ['backup', { DB_URL: nowhere }],
    ['backup', { DB_URL: `postgres://postgres:${postgres.password}@[broken` }],
    ['backup', { S3_SECRET: 'not-the-secret-of-s3' }],
    ['status', {}],
    ['config list', {}],
    ['config list --json', {}],
    ['verify-restore --all', {}],
  ]
  const exitCodes: (number | null)[] = []
  for (const [command, changed] of runs) {
    const running = start(place, command.split(' '), { env: { ...env, ...changed } })
    const watching = setInterval(() => shown.push(processArguments()), 10)
    const { exitCode, stdout, stderr } = await running.ended
    clearInterval(watching)
    exitCodes.push(exitCode)
    shown.push(stdout, stderr)
  }
  expect(exitCodes).toEqual([0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
  expect(shown.join('\n')).toContain('pg_dump')
  shown.push(...contentsOf(join(place.path, 'state')))
  shown.push(await readFile(join(place.path, 'safelight.yaml'), 'latin1'))
  const client = s3Client(server)
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket.name })) {
    for (const { Key } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.name, Key }))
      shown.push((await Body?.transformToString('latin1')) ?? '')
    }
  }
  client.destroy()
  for (const secret of secrets) expect(shown.filter((text) => text.includes(secret))).toEqual([])
})
