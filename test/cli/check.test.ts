import { CreateMultipartUploadCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { libraryFolders } from '../../src/immich/folders.ts'
import type { CheckResult } from '../../src/runs/check/check.ts'
import { createSmallImmich, runOn } from '../immich/smallImmich.ts'
import { createBucket, s3Client } from '../support/bucket.ts'
import { standInOnePassword } from '../support/onePassword.ts'
import { freePort } from '../support/ports.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { s3Server } from '../support/s3Server.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { runInProcess } from './inProcess.ts'

const disk = 'name: disk, type: local, path: vault'
const gone = 'name: gone, type: local, path: nowhere'

/** A working directory with destinations in its configuration, and an empty folder for a vault. */
async function configured(destinations: readonly string[], more = '') {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, 'vault'))
  const lines = destinations.map((each) => `  - { ${each} }`).join('\n')
  await writeFile(join(folder.path, 'safelight.yaml'), `destinations:\n${lines}\nstate: state\n${more}`)
  return {
    path: folder.path,
    run: async (args: readonly string[], env: Record<string, string> = {}) =>
      await runInProcess(args, { cwd: folder.path, env }),
    async checked(args: readonly string[], env: Record<string, string> = {}) {
      const { exitCode, stdout } = await runInProcess(['check', '--json', ...args], { cwd: folder.path, env })
      return { exitCode, ...(JSON.parse(stdout) as CheckResult) }
    },
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}

describe('everything that a backup needs', () => {
  let postgres: TestPostgres
  let url: string

  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.createDatabase('immich')
    await createSmallImmich(url, '3.1.0')
    await runOn(url, ['UPDATE asset SET "isOffline" = true'])
  })
  afterAll(async () => await postgres[Symbol.asyncDispose]())

  /** A machine on which everything is in place. */
  async function machine() {
    const place = await configured(
      [disk],
      'library: data\nidentity: file:identity.txt\ndatabase: { url: env:URL }\n',
    )
    for (const name of libraryFolders) {
      await mkdir(join(place.path, 'data', name), { recursive: true })
      await writeFile(join(place.path, 'data', name, '.immich'), '1')
    }
    for (const args of [
      ['keys', 'generate', '--out', 'identity.txt'],
      ['init', '--yes'],
    ])
      expect(await place.run(args)).toMatchObject({ exitCode: 0 })
    return place
  }

  test('is one line each, in 80 columns, and nothing is bad', async () => {
    await using place = await machine()
    const { exitCode, stdout, stderr } = await place.run(['check'], { URL: url })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Checking this machine, disk ...\n' })
    const lines = stdout.trimEnd().split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    const found = lines.flatMap((line) => /^ {2}(?:good|weak) +(\S+(?: \S+)*?) {2}/.exec(line)?.[1] ?? [])
    expect(found.slice(0, 11)).toEqual([
      'configuration',
      'secret files',
      'identity',
      'state folder',
      'temporary files',
      'library',
      'readable files',
      'database',
      'database rights',
      'Immich',
      'clock',
    ])
    expect(found.at(-1)).toBe('vault')
    expect(lines.at(-1)).toMatch(/^Nothing is bad, and \d could be better\.$/)
  })

  test('begins with the cause: without its password the database is not the first line that is bad', async () => {
    await using place = await machine()
    const { exitCode, findings } = await place.checked([])
    expect(exitCode).toBe(1)
    expect(findings.filter(({ result }) => result === 'bad')).toMatchObject([
      { what: 'configuration', detail: expect.stringContaining('environment variable URL is not set') },
      { what: 'database' },
    ])
  })

  test('is told to the end when much of it fails', async () => {
    await using place = await machine()
    await writeFile(join(place.path, 'identity.txt'), 'no identity')
    await writeFile(join(place.path, '.env'), 'SOMETHING=secret\n')
    await chmod(join(place.path, '.env'), 0o644)
    const yaml = 'sources: [{ name: dam, path: nowhere }]\nlibrary: vault\nidentity: file:identity.txt\n'
    const database = 'database: { url: env:URL }\ndestinations: [{ name: disk, type: local, path: vault }]\n'
    await writeFile(join(place.path, 'safelight.yaml'), yaml + database.replace('path: vault', 'path: disk'))
    const { findings, destinations } = await place.checked([], { URL: url.replace(/\w+$/, 'another') })
    expect(findings.map(({ what, result }) => `${what} ${result}`)).toEqual([
      'configuration good',
      'secret files weak',
      'identity bad',
      expect.stringMatching(/^state folder/),
      expect.stringMatching(/^temporary files/),
      'library bad',
      'source dam bad',
      'database bad',
    ])
    expect(findings.filter(({ result, remedy }) => result === 'bad' && !remedy)).toEqual([])
    expect(destinations).toMatchObject([
      { destination: 'disk', findings: [{ what: 'opening', result: 'bad' }] },
    ])
  })
})

describe('secrets in 1Password', () => {
  const yaml = 'identity: op://Backup/identity/file\n'

  test('are asked for once, before anything builds on them', async () => {
    await using op = await standInOnePassword({ 'op://Backup/identity/file': 'no identity' })
    await using place = await configured([disk], yaml)
    const { findings } = await place.checked([], op.env)
    expect(findings.slice(1, 3)).toEqual([
      { what: '1Password', result: 'good', detail: 'gives the secrets asked of it: 1' },
      expect.objectContaining({ what: 'identity', result: 'bad' }),
    ])
    expect(await op.calls()).toHaveLength(1)
  })

  test('are bad when nobody is signed in, with the remedy', async () => {
    await using op = await standInOnePassword({})
    await using place = await configured([disk], yaml)
    const { findings } = await place.checked([], { PATH: op.env.PATH })
    expect(findings.find(({ what }) => what === '1Password')).toMatchObject({
      result: 'bad',
      detail: expect.stringContaining('1Password is not signed in'),
      remedy: expect.stringContaining('op signin'),
    })
  })

  test('are bad where op is not installed', async () => {
    await using place = await configured([disk], yaml)
    const { findings } = await place.checked([], { PATH: '/nonexistent' })
    expect(findings.find(({ what }) => what === '1Password')).toMatchObject({
      result: 'bad',
      remedy: expect.stringContaining('developer.1password.com'),
    })
  })
})

describe('a destination', () => {
  test('is probed without a vault and without anything else', async () => {
    await using place = await configured([disk])
    const { exitCode, stdout, stderr } = await place.run(['check', 'disk'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Checking disk ...\n' })
    const lines = stdout.trimEnd().split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines[0]).toBe(`disk: local, ${join(place.path, 'vault')}`)
    expect(lines).toContain('  good     credentials         can store and read')
    expect(lines).toContain('  weak     deleting            these credentials may delete what is stored')
    expect(lines).toContain('                               -> As above.')
    expect(lines).toContain('  unknown  vault               not looked at: there is no identity to open it')
    expect(stdout).toContain("It can't check what it receives")
    expect(await readdir(join(place.path, 'vault', 'uploads'))).toEqual([])
  })

  test('that is bad is told, and the others are checked all the same', async () => {
    const port = await freePort()
    const cloud = `name: cloud, type: s3, bucket: b, endpoint: "http://127.0.0.1:${port}", credentials: { accessKeyId: env:ID, secretAccessKey: env:NOT_SET }`
    await using place = await configured([gone, cloud, disk])
    const { exitCode, destinations } = await place.checked([], { ID: 'x' })
    expect(exitCode).toBe(1)
    const [first, second, third] = destinations
    expect(first).toMatchObject({
      destination: 'gone',
      type: 'local',
      location: null,
      findings: [{ what: 'opening', result: 'bad', detail: expect.stringContaining('there is no folder') }],
      cannot: [],
    })
    expect(second?.findings).toMatchObject([
      { what: 'opening', result: 'bad', detail: expect.stringContaining('NOT_SET is not set') },
    ])
    expect(third?.findings.length).toBeGreaterThan(10)
  })

  test('is found by its name', async () => {
    await using place = await configured([gone, disk])
    const { exitCode, findings, destinations } = await place.checked(['disk'])
    expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] })
    expect(destinations.map(({ destination }) => destination)).toEqual(['disk'])
    expect(await place.run(['check', 'dsik'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is no destination dsik'),
    })
  })

  test('that is missing altogether is bad', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'safelight.yaml'), 'state: state\n')
    const { exitCode, stdout } = await runInProcess(['check'], { cwd: folder.path })
    expect(exitCode).toBe(1)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('destinations: are missing')
  })
})

test('a sweep leaves the uploads that a backup may go on with, and keeps nothing else from being looked at', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  const client = s3Client(server)
  await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: 'objects/ab/cd' }))
  const cloud = `name: cloud, type: s3, bucket: ${bucket.name}, endpoint: "${server.endpoint}", region: ${server.region}, forcePathStyle: true, credentials: { accessKeyId: env:ID, secretAccessKey: env:KEY }`
  await using place = await configured([cloud])
  const env = { ID: server.accessKeyId, KEY: server.secretAccessKey }
  const { exitCode, destinations } = await place.checked(['cloud', '--sweep'], env)
  expect(exitCode).toBe(0)
  const findings = destinations.flatMap((each) => each.findings)
  expect(findings[0]).toEqual({
    what: 'sweep',
    result: 'good',
    detail: '0 leftovers removed; 1 are not a week old, and stay',
  })
  expect(findings.find(({ what }) => what === 'leftovers')).toMatchObject({
    result: 'good',
    detail: expect.stringContaining('interrupted uploads: 1'),
  })

  const Statement = [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:ListBucketMultipartUploads',
      Resource: `arn:aws:s3:::${bucket.name}`,
    },
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
  const blind = await place.checked(['cloud', '--sweep'], env)
  client.destroy()
  const seen = blind.destinations.flatMap((each) => each.findings)
  expect(seen[0]).toMatchObject({ what: 'sweep', result: 'bad', detail: expect.stringContaining('refuses') })
  expect(seen.find(({ what }) => what === 'create-only')?.result).toBe('good')
})
