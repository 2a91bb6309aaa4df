import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/shared/errors.ts'
import { generateIdentity } from '../../src/crypto/identity.ts'
import { workplace } from './safelight.ts'

type Place = Awaited<ReturnType<typeof workplace>>

/** A working directory with a small library, an identity and a configuration for a vault beside them. */
async function prepared(extra = ''): Promise<Place> {
  const place = await workplace()
  for (const folder of ['library', 'upload', 'profile', 'backups']) {
    await mkdir(join(place.path, 'data', folder), { recursive: true })
    await writeFile(join(place.path, 'data', folder, '.immich'), '')
  }
  await writeFile(join(place.path, 'data/library/sea.jpg'), 'not really a photo')
  await mkdir(join(place.path, 'vault'))
  await place.run(['keys', 'generate', '--out', 'identity.txt'])
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `library: data
database: false
state: state
identity: file:identity.txt
destinations: [{ name: disk, type: local, path: vault }]
${extra}`,
  )
  return place
}

describe('safelight init', () => {
  test('creates a vault, prints the recovery sheet and pins the vault in the configuration', async () => {
    await using place = await prepared()
    const { exitCode, stdout, stderr } = await place.run(['init', '--yes', '--json'])
    expect(exitCode).toBe(exitCodes.done)
    const sheet = JSON.parse(stdout) as { vault: { id: string; fingerprint: string } }
    expect(sheet.vault.id).toMatch(/^[0-9a-f]{32}$/)
    expect(stderr).toContain('Pinned the vault')
    const listed = await place.run(['config', 'list'])
    expect(listed.stdout).toContain(sheet.vault.fingerprint)
  })

  test('holds no secret on the recovery sheet', async () => {
    await using place = await prepared()
    const { stdout, stderr } = await place.run(['init', '--yes'])
    expect(stdout).toContain('recovery sheet')
    const lines = stdout.split('\n').filter((line) => !line.includes('Lies at'))
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(stdout + stderr).not.toContain('AGE-SECRET-KEY-')
  })

  test('creates nothing before somebody has said that the identity is saved', async () => {
    await using place = await prepared()
    const { exitCode, stderr } = await place.run(['init'])
    expect(exitCode).toBe(exitCodes.failed)
    expect(stderr).toContain('--yes')
    expect(stderr).toContain('opens this vault, and nothing else does')
    expect(await readdir(join(place.path, 'vault'))).toEqual([])

    const file = join(place.path, 'safelight.yaml')
    const { recipient } = await generateIdentity({ postQuantum: false })
    await writeFile(file, `${await readFile(file, 'utf8')}\nrecovery: [${recipient}]\n`)
    expect((await place.run(['init'])).stderr).toContain('and else only the recovery identities do')
  })

  test('refuses a destination whose vault is pinned, and a place where something lies already', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    const pinned = await place.run(['init', '--yes'])
    expect(pinned.exitCode).toBe(exitCodes.failed)
    expect(pinned.stderr).toContain('pins a vault for destination disk already')

    const file = join(place.path, 'safelight.yaml')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^vault: .*\n/m, ''))
    const taken = await place.run(['init', '--yes'])
    expect(taken.exitCode).toBe(exitCodes.failed)
    expect(taken.stderr).toContain('is not empty')
  })

  test('refuses recipients of which only some are post-quantum', async () => {
    await using place = await workplace()
    await place.run(['keys', 'generate', '--out', 'identity.txt'])
    const { stdout } = await place.run([
      'keys',
      'generate',
      '--post-quantum',
      '--json',
      '--out',
      'recovery.txt',
    ])
    const { recipient } = JSON.parse(stdout) as { recipient: string }
    await mkdir(join(place.path, 'vault'))
    await writeFile(
      join(place.path, 'safelight.yaml'),
      `identity: file:identity.txt\nrecovery: [${recipient}]\ndestinations: [{ name: disk, type: local, path: vault }]\n`,
    )
    const { exitCode, stderr } = await place.run(['init', '--yes'])
    expect(exitCode).toBe(exitCodes.failed)
    expect(stderr).toContain('post-quantum')
    expect(await readdir(join(place.path, 'vault'))).toEqual([])
  })
})

describe('safelight backup', () => {
  test('tells what it did, and status tells it later', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    const { exitCode, stdout } = await place.run(['backup', '--json'])
    expect(exitCode).toBe(exitCodes.done)
    const [done] = JSON.parse(stdout) as [{ destination: string; snapshot: { id: string; changes: object } }]
    expect(done).toMatchObject({
      destination: 'disk',
      snapshot: { changes: { added: 5, storedContents: 2 } },
    })
    const status = await place.run(['status', '--json'])
    const found = { health: 'good', destinations: [{ destination: 'disk', last: { id: done.snapshot.id } }] }
    expect(JSON.parse(status.stdout)).toMatchObject(found)
  })

  test('of a dry run writes nothing into the vault', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    const before = await readdir(join(place.path, 'vault'), { recursive: true })
    const { exitCode, stdout } = await place.run(['backup', '--dry-run'])
    expect(exitCode).toBe(exitCodes.done)
    expect(stdout).toContain('would store up to 1 object')
    expect(await readdir(join(place.path, 'vault'), { recursive: true })).toEqual(before)
  })

  test('ends with 10 where there is no vault', async () => {
    await using place = await prepared()
    const { exitCode, stderr } = await place.run(['backup'])
    expect(exitCode).toBe(exitCodes.noVault)
    expect(stderr).toContain("'safelight init'")
  })

  test('ends with 10 where the pinned vault was emptied', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    await place.run(['backup'])
    await rm(join(place.path, 'vault'), { recursive: true })
    await mkdir(join(place.path, 'vault'))
    expect((await place.run(['backup'])).exitCode).toBe(exitCodes.noVault)
  })

  test('ends with 12 with an identity of somebody else', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    await rm(join(place.path, 'identity.txt'))
    await place.run(['keys', 'generate', '--out', 'identity.txt'])
    const { exitCode, stderr } = await place.run(['backup'])
    expect(exitCode).toBe(exitCodes.wrongKey)
    expect(stderr).toContain('does not open the vault')
  })

  test('ends with 3 when something could not be read', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    await rm(join(place.path, 'data/profile'), { recursive: true })
    const { exitCode, stdout } = await place.run(['backup'])
    expect(exitCode).toBe(exitCodes.partial)
    expect(stdout).toContain('is it mounted?')
  })

  test('refuses a write-only configuration for a vault that is not', async () => {
    await using place = await prepared()
    await place.run(['init', '--yes'])
    const recovery = await place.run(['keys', 'generate', '--json', '--out', 'recovery.txt'])
    const { recipient } = JSON.parse(recovery.stdout) as { recipient: string }
    const yaml = `writeOnly: true\nrecovery: [${recipient}]\n`
    const file = join(place.path, 'safelight.yaml')
    await writeFile(file, (await readFile(file, 'utf8')) + yaml)
    const { exitCode, stderr } = await place.run(['backup'])
    expect(exitCode).toBe(exitCodes.failed)
    expect(stderr).toContain('created without it')
  })

  test('goes to every destination, and one that fails does not stop the others', async () => {
    await using place = await prepared()
    const file = join(place.path, 'safelight.yaml')
    await mkdir(join(place.path, 'other'))
    const two = `library: data
database: false
state: state
identity: file:identity.txt
destinations:
  - { name: disk, type: local, path: vault }
  - { name: other, type: local, path: other }
`
    await writeFile(file, two)
    await place.run(['init', '--to', 'other', '--yes'])
    const { exitCode, stdout, stderr } = await place.run(['backup', '--json'])
    expect(exitCode).toBe(exitCodes.failed)
    expect(stderr).toContain('1 of 2 destinations')
    expect(JSON.parse(stdout)).toMatchObject([
      { destination: 'disk', exitCode: 10, snapshot: null, error: expect.stringContaining('no vault') },
      { destination: 'other', exitCode: 0, snapshot: { changes: { added: 5 } } },
    ])
  })
})
