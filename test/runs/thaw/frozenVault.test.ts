/* A vault whose contents lie in Deep Archive, at a stand-in for Amazon's before the real server. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startGlacier } from '../../servers/glacier/server.ts'
import { workplace } from '../../cli/safelight.ts'
import { createBucket } from '../../support/bucket.ts'
import { generateBulk } from '../../support/bulk.ts'
import { s3Server } from '../../support/s3Server.ts'
import { compareTrees, describeTree } from '../../support/tree.ts'

async function frozenVault() {
  await using stack = new AsyncDisposableStack()
  const server = await s3Server()
  const bucket = stack.use(await createBucket(server))
  const glacier = stack.use(await startGlacier(server))
  const place = stack.use(await workplace())
  const library = join(place.path, 'media')
  for (const folder of ['library', 'upload', 'profile', 'backups'])
    mkdirSync(join(library, folder), { recursive: true })
  await generateBulk({ root: join(library, 'upload'), files: 6, bytes: 600_000 })
  const config = {
    library: './media',
    database: false,
    state: './state',
    identity: 'file:./id',
    destinations: [
      {
        name: 'cold',
        type: 's3',
        bucket: bucket.name,
        endpoint: glacier.endpoint,
        region: glacier.region,
        forcePathStyle: true,
        storageClass: 'DEEP_ARCHIVE',
        credentials: { accessKeyId: 'env:KEY', secretAccessKey: 'env:SECRET' },
      },
    ],
  }
  writeFileSync(join(place.path, 'safelight.yaml'), JSON.stringify(config))
  const env = { KEY: server.accessKeyId, SECRET: server.secretAccessKey }
  const run = async (command: string) => await place.run(command.split(' '), { env })
  for (const command of ['keys generate --out id', 'init --yes', 'backup']) {
    const { exitCode, stderr } = await run(command)
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ')
  }
  const kept = stack.move()
  return { glacier, place, library, run, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

test('a restore of frozen contents tells the price, thaws just what is needed, and a later call restores it', async () => {
  await using vault = await frozenVault()
  const { glacier, place, library, run } = vault

  const alone = await run('restore --to back --wait')
  expect(`${alone.exitCode} ${alone.stderr}`).toContain('1 error: --wait needs --thaw')

  const refused = await run('restore --to back')
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain('6 of the objects that are needed (0.0 GiB) are frozen in DEEP_ARCHIVE')
  expect(refused.stderr).toContain('--thaw bulk       readable within 48 h, about $0.00')
  expect(refused.stderr).not.toContain('expedited')
  expect(glacier.begun).toEqual([])

  const [one] = (await describeTree(join(library, 'upload'))).filter(({ path }) => /\.\w+$/.test(path))
  const path = `upload/${one?.path}`
  const begun = await run(`restore --to part --thaw bulk --path ${path}`)
  expect(begun.exitCode).toBe(3)
  expect(begun.stdout).toContain('nothing was restored yet: 1 object (587 KiB) has to thaw first')
  expect(glacier.begun).toHaveLength(1)
  expect(existsSync(join(place.path, 'part', path))).toBe(false)

  glacier.pass(49)
  expect((await run(`restore --to part --path ${path}`)).exitCode).toBe(0)
  expect(existsSync(join(place.path, 'part', path))).toBe(true)

  expect((await run('restore --to back --thaw standard')).exitCode).toBe(3)
  expect(glacier.begun).toHaveLength(6)
  glacier.pass(13)
  const done = await run('restore --to back')
  expect(`${done.exitCode} ${done.stderr}`).toMatch(/^0 /)
  const before = (await describeTree(library)).filter(({ path: known }) => known !== '')
  const known = new Set(before.map((entry) => entry.path))
  const after = (await describeTree(join(place.path, 'back'))).filter((entry) => known.has(entry.path))
  expect(compareTrees(before, after, { ignoring: ['inode', 'ctime'], mtimeTolerance: 999n })).toEqual([])
})

test('a verification tells frozen objects apart from damaged ones, has them thawed, and then reads them', async () => {
  await using vault = await frozenVault()
  const { glacier, run } = vault
  const frozen = await run('verify-restore --all --json')
  expect(frozen.exitCode).toBe(3)
  expect(JSON.parse(frozen.stdout)).toMatchObject({ outcome: 'incomplete', findingsTotal: 6 })
  expect((await run('verify-restore --all --level list')).exitCode).toBe(0)

  const begun = await run('verify-restore --all --thaw standard')
  expect(begun.exitCode).toBe(3)
  expect(begun.stdout + begun.stderr).toContain('6 objects have to thaw before they can be read')
  glacier.pass(13)
  expect((await run('verify-restore --all')).exitCode).toBe(0)
})
