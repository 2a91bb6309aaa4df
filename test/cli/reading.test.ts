import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backUp, createTestVault } from '../runs/backedUp.ts'
import { writeConfiguration } from '../runs/restore/process.ts'
import { makeOddLibrary } from '../runs/restore/oddLibrary.ts'
import { workplace, type Ended } from './safelight.ts'

let place: Awaited<ReturnType<typeof workplace>>
let library: string
let vault: string
beforeAll(async () => {
  place = await workplace()
  library = join(place.path, 'media')
  makeOddLibrary(library)
  const test = await createTestVault(place.path)
  vault = test.path
  await backUp(test, library, { now: () => new Date('2026-07-01T10:00:00Z') })
  writeFileSync(join(library, 'library/added.jpg'), 'added')
  await backUp(test, library, { now: () => new Date('2026-07-02T10:00:00Z') })
  await writeConfiguration(test, place.path)
})
afterAll(async () => await place[Symbol.asyncDispose]())

async function json<T>(...args: string[]): Promise<T> {
  const { stdout } = await place.run([...args, '--json'])
  return JSON.parse(stdout) as T
}

interface Snapshots {
  snapshots: { id: string; created: string; complete: boolean; counts: { files: number } }[]
  damaged: { id: string }[]
}

describe('snapshots', () => {
  test('lists them, the newest first', async () => {
    const { snapshots } = await json<Snapshots>('snapshots')
    expect(snapshots.map(({ created }) => created.slice(0, 10))).toEqual(['2026-07-02', '2026-07-01'])
    expect((snapshots[0]?.counts.files ?? 0) - (snapshots[1]?.counts.files ?? 0)).toBe(1)
    const { stdout, exitCode } = await place.run(['snapshots'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`${snapshots[0]?.id}  2026-07-02 10:00:00 UTC`)
  })

  test('a damaged record is told, and the others are listed', async () => {
    const { snapshots } = await json<Snapshots>('snapshots')
    const records = join(vault, 'hosts/main/snapshots')
    const file = join(records, readdirSync(records).sort()[0] ?? '')
    const bytes = readFileSync(file)
    chmodSync(file, 0o644)
    writeFileSync(file, Buffer.from(bytes).fill(0, 90, 95))
    const { stdout, stderr, exitCode } = await place.run(['snapshots', '--json'])
    writeFileSync(file, bytes)
    expect(exitCode).toBe(3)
    expect(stderr).toContain(`snapshot ${snapshots[1]?.id} can't be read`)
    const found = JSON.parse(stdout) as Snapshots
    expect(found.snapshots).toEqual([snapshots[0]])
    expect(found.damaged.map(({ id }) => id)).toEqual([snapshots[1]?.id])
  })

  test('a head that the vault does not show ends with 10', async () => {
    const { exitCode, stderr } = await place.run(['snapshots', '--expect-head', '3-0123456789abcdef'])
    expect(exitCode).toBe(10)
    expect(stderr).toContain('--expect-head remembers')
  })
})

interface Listing {
  snapshot: string
  path: string
  entries: { path: string; type: string; size: number | null; target: string | null; mode: number }[]
}

function namesIn({ entries }: Listing): string[] {
  return entries.map(({ path }) => path)
}

describe('ls', () => {
  test('lists the top of the newest snapshot, a folder, and a file', async () => {
    const top = await json<Listing>('ls')
    expect(namesIn(top)).toEqual(['library', 'profile', 'upload'])
    const folder = await json<Listing>('ls', '/profile/')
    expect(folder.entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'directory profile/closed',
      'directory profile/empty',
      'symlink profile/folder link',
      'file profile/program',
    ])
    expect(folder.entries.map(({ mode }) => mode.toString(8))).toEqual(['555', '2750', '777', '4755'])
    const file = await json<Listing>('ls', 'upload/300000.bin')
    expect(file.entries).toMatchObject([{ path: 'upload/300000.bin', size: 300_000, type: 'file' }])
  })

  test('lists an older snapshot', async () => {
    expect(namesIn(await json<Listing>('ls', '2', 'library'))).toContain('library/added.jpg')
    expect(namesIn(await json<Listing>('ls', '1', 'library'))).not.toContain('library/added.jpg')
  })

  test('odd names are printable in the text', async () => {
    const { stdout } = await place.run(['ls', 'library'])
    expect(stdout).toContain('library/new\\nline')
    expect(stdout).toContain('library/f\\xff\\xfe.j')
    expect(stdout).toContain('library/link -> one.jpg')
  })

  test('a path that is not there is told', async () => {
    const { exitCode, stderr } = await place.run(['ls', 'library/no/such'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('has no path library/no/such')
  })
})

describe('restore', () => {
  const restore = async (...args: string[]): Promise<Ended> => await place.run(['restore', ...args])

  test('restores the newest snapshot, and says so', async () => {
    const { exitCode, stdout, stderr } = await restore('--to', 'newest')
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`restored to ${join(place.path, 'newest')}`)
    expect(stderr).toContain('give --expect-head to be sure')
    expect(readFileSync(join(place.path, 'newest/library/added.jpg'), 'utf8')).toBe('added')
  })

  test('--at takes a day to its end, and a time as UTC', async () => {
    await restore('--to', 'first', '--at', '2026-07-01', '--path', 'library')
    expect(readdirSync(join(place.path, 'first/library'))).not.toContain('added.jpg')
    await restore('--to', 'second', '--at', '2026-07-02T10:00', '--path', 'library')
    expect(readdirSync(join(place.path, 'second/library'))).toContain('added.jpg')
    const none = await restore('--to', 'third', '--at', '2026-07-01T09:59')
    expect(none.exitCode).toBe(1)
    expect(none.stderr).toContain('has no complete snapshot of')
    const nonsense = await restore('--to', 'third', '--at', 'tuesday')
    expect(nonsense.stderr).toContain('It is a day or a time like')
  })

  test('a folder without a name is not the one that one is in', async () => {
    const { exitCode, stderr } = await restore('--to', '')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('It is the name of a folder.'),
    })
    expect(readdirSync(place.path)).not.toContain('library')
  })

  test('what stays because something else is there ends with 3', async () => {
    mkdirSync(join(place.path, 'kept/library'), { recursive: true })
    writeFileSync(join(place.path, 'kept/library/one.jpg'), 'mine')
    const { exitCode, stdout } = await restore('--to', 'kept', '--path', 'library/one.jpg')
    expect(exitCode).toBe(3)
    expect(stdout).toContain('kept: library/one.jpg: another file is there, and stays')
    expect(readFileSync(join(place.path, 'kept/library/one.jpg'), 'utf8')).toBe('mine')
    const replaced = await restore('--to', 'kept', '--path', 'library/one.jpg', '--overwrite', 'changed')
    expect(replaced.exitCode).toBe(0)
    expect(readFileSync(join(place.path, 'kept/library/one.jpg'))).toEqual(
      readFileSync(join(library, 'library/one.jpg')),
    )
  })

  test('works without a state directory that it may write to', async () => {
    const config = join(place.path, 'other.yaml')
    const own = readFileSync(join(place.path, 'safelight.yaml'), 'utf8')
    writeFileSync(config, own.replace(/^state: .*$/m, 'state: /dev/null/nowhere'))
    const { exitCode, stdout } = await restore('--config', config, '--to', 'stateless', '--path', 'profile')
    expect(stdout).toContain('restored to')
    expect(exitCode).toBe(0)
  })

  test.for([
    ['media', 'the library'],
    ['media/library/deeper', 'the library'],
    ['vault/restored', 'the vault of destination disk'],
  ])('never into %s', async ([to = '', name]) => {
    const env = { IMMICH_MEDIA_LOCATION: library }
    const { exitCode, stderr } = await place.run(['restore', '--to', to], { env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`would write into ${name}`)
  })
})

test('restore-database never takes the URL itself, nor repeats it', async () => {
  const { exitCode, stderr } = await place.run([
    'restore-database',
    '--into',
    'postgres://me:hunter2@db/immich',
  ])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('--into takes a reference')
  expect(stderr).not.toContain('hunter2')
  const unset = await place.run(['restore-database', '--into', 'env:NO_SUCH'])
  expect(unset.stderr).toContain('environment variable NO_SUCH is not set')
})
