import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workplace } from '../../cli/safelight.ts'
import { createBucket } from '../../support/bucket.ts'
import { generateBulk } from '../../support/bulk.ts'
import { s3Server } from '../../support/s3Server.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'
import { makeOddLibrary } from './oddLibrary.ts'

test('a library goes to S3 and comes back, whole and in part', async () => {
  const server = await s3Server()
  await using bucket = await createBucket(server)
  await using place = await workplace()
  const library = join(place.path, 'media')
  mkdirSync(join(library, 'backups'), { recursive: true })
  makeOddLibrary(library)
  await generateBulk({ root: library, files: 40, bytes: 600_000 })
  const destination = {
    name: 'cloud',
    type: 's3',
    bucket: bucket.name,
    prefix: 'immich',
    region: server.region,
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'env:KEY', secretAccessKey: 'env:SECRET' },
  }
  const config = {
    library: './media',
    database: false,
    state: './state',
    identity: 'file:./id',
    destinations: [destination],
  }
  writeFileSync(join(place.path, 'safelight.yaml'), JSON.stringify(config, null, 2))
  const env = { KEY: server.accessKeyId, SECRET: server.secretAccessKey }
  for (const args of ['keys generate --out id', 'init --yes', 'backup', 'restore --to whole']) {
    const { exitCode, stderr } = await place.run(args.split(' '), { env })
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ')
  }
  const before = (await describeTree(library)).filter(({ path }) => path !== '')
  const known = new Set(before.map(({ path }) => path))
  const after = (await describeTree(join(place.path, 'whole'))).filter(({ path }) => known.has(path))
  expect(compareTrees(before, after, { ignoring: ['inode', 'ctime'], mtimeTolerance: 999n })).toEqual([])

  const part = await place.run(['restore', '--to', 'part', '--path', 'library/t*.xmp', '--json'], { env })
  expect(JSON.parse(part.stdout)).toMatchObject({ counts: { restored: 2 }, problemCount: 0 })
})
