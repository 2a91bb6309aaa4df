import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CheckedDestination } from '../../src/cli/output/checkReport.ts'
import { createBucket, s3Client } from '../support/bucket.ts'
import { freePort } from '../support/ports.ts'
import { s3Server } from '../support/s3Server.ts'
import { workplace } from './safelight.ts'

async function configured(destinations: readonly string[]) {
  const place = await workplace()
  await mkdir(join(place.path, 'vault'))
  const lines = destinations.map((each) => `  - { ${each} }`).join('\n')
  await writeFile(join(place.path, 'safelight.yaml'), `destinations:\n${lines}\n`)
  return place
}

const disk = 'name: disk, type: local, path: vault'
const gone = 'name: gone, type: local, path: nowhere'

function documentOf(stdout: string): CheckedDestination[] {
  return (JSON.parse(stdout) as { destinations: CheckedDestination[] }).destinations
}

test('a folder without a vault is probed, and the table fits 80 columns', async () => {
  await using place = await configured([disk])
  const { exitCode, stdout, stderr } = await place.run(['check'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Checking disk ...\n' })
  const lines = stdout.trimEnd().split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(lines[0]).toBe(`disk: local, ${join(place.path, 'vault')}`)
  expect(lines).toContain('  good     credentials         can store and read')
  expect(lines).toContain('  weak     deleting            these credentials may delete what is stored')
  expect(lines).toContain('                               -> As above.')
  expect(stdout).toContain("It can't check what it receives")
  expect(await readdir(join(place.path, 'vault', 'uploads'))).toEqual([])
})

test('a destination that is bad is told, and the others are checked all the same', async () => {
  const port = await freePort()
  const cloud = `name: cloud, type: s3, bucket: b, endpoint: "http://127.0.0.1:${port}", credentials: { accessKeyId: env:ID, secretAccessKey: env:NOT_SET }`
  await using place = await configured([gone, cloud, disk])
  const { exitCode, stdout } = await place.run(['check', '--json'], { env: { ID: 'x' } })
  expect(exitCode).toBe(1)
  const [first, second, third] = documentOf(stdout)
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

test('one destination is checked by its name', async () => {
  await using place = await configured([gone, disk])
  const { exitCode, stdout } = await place.run(['check', 'disk', '--json'])
  expect(exitCode).toBe(0)
  expect(documentOf(stdout).map(({ destination }) => destination)).toEqual(['disk'])
  expect(await place.run(['check', 'dsik'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('there is no destination dsik'),
  })
})

test('without any destination there is nothing to check', async () => {
  await using place = await workplace()
  await writeFile(join(place.path, 'safelight.yaml'), '')
  expect(await place.run(['check'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no destination is configured'),
  })
})

test('a sweep leaves the uploads that a backup may go on with', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  const client = s3Client(server)
  await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: 'objects/ab/cd' }))
  client.destroy()
  const cloud = `name: cloud, type: s3, bucket: ${bucket.name}, endpoint: "${server.endpoint}", region: ${server.region}, forcePathStyle: true, credentials: { accessKeyId: env:ID, secretAccessKey: env:KEY }`
  await using place = await configured([cloud])
  const env = { ID: server.accessKeyId, KEY: server.secretAccessKey }
  const { exitCode, stdout } = await place.run(['check', 'cloud', '--sweep', '--json'], { env })
  expect(exitCode).toBe(0)
  const findings = documentOf(stdout).flatMap((each) => each.findings)
  expect(findings[0]).toEqual({
    what: 'sweep',
    result: 'good',
    detail: '0 leftovers removed; 1 are not a week old, and stay',
  })
  expect(findings.find(({ what }) => what === 'leftovers')).toMatchObject({
    result: 'good',
    detail: expect.stringContaining('interrupted uploads: 1'),
  })
})
