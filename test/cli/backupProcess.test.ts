/* The program as a process: signals, locks and rights. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseIdentity } from '../../src/crypto/identity.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { SnapshotRecord } from '../../src/vault/record.ts'
import { listRecords, readRecords } from '../../src/vault/snapshots.ts'
import { openVault } from '../../src/vault/vault.ts'
import { Random } from '../support/random.ts'
import { describeTree } from '../support/tree.ts'
import { installed, start, untilStored, writeFiles, type Workplace } from './running.ts'

interface Document {
  snapshot: { changes: Record<string, number>; counts: { files: number } }
  problems: { kind: string; path: string; reason: string }[]
}

async function backUp(place: Workplace): Promise<Document> {
  const { stdout } = await place.run(['backup', '--json'])
  const [document] = JSON.parse(stdout) as [Document]
  return document
}

/** Photos of a megabyte, no two alike. */
function photos(count: number): Record<string, Buffer> {
  const random = new Random(10)
  const bytes = random.bytes(1 << 20)
  const photo = (i: number) => {
    bytes.writeUInt32BE(i)
    return [`library/${i}.jpg`, Buffer.from(bytes)] as const
  }
  return Object.fromEntries(Array.from({ length: count }, (_, i) => photo(i)))
}

test('while a backup runs a second one is refused; SIGTERM ends it tidily, and the next goes on from there', async () => {
  const count = 60
  await using place = await installed(
    photos(count),
    'database: false\nlimits: { upload: 4MB/s }\ndestinations: [{ name: disk, type: local, path: vault }]',
  )
  const first = start(place, ['backup'])
  await untilStored(place, 3)
  const second = await place.run(['backup'])
  expect(second.exitCode).toBe(exitCodes.locked)
  expect(second.stderr).toMatch(
    /another run is using destination disk: safelight \S+, process \d+ on \S+, since 20\S+ \S+ UTC/,
  )
  expect((await place.run(['backup', '--force'])).exitCode).toBe(exitCodes.locked)
  first.child.kill('SIGTERM')
  const { exitCode, stderr } = await first.ended
  expect(exitCode).toBe(exitCodes.cancelled)
  expect(stderr).toContain('interrupted')
  const told = await readFile(join(place.path, 'state/backup.log'), 'utf8')
  expect(told).toContain('with exit code 130')
  expect(told).toContain('disk: no snapshot: interrupted')
  expect(told).not.toContain('another run')
  const { stdout } = await place.run(['snapshots', '--all', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ snapshots: [{ complete: false }] })
  await writeFile(join(place.path, 'safelight.yaml'), await withoutLimits(place))
  const { snapshot } = await backUp(place)
  expect(snapshot.counts.files).toBe(count)
  expect(await readFile(join(place.path, 'state/backup.log'), 'utf8')).toContain('which was interrupted')
  expect(snapshot.changes['storedContents']).toBeLessThanOrEqual(count - 3)
  expect((await place.run(['verify-restore', '--all'])).exitCode).toBe(exitCodes.done)
})

async function withoutLimits(place: Workplace): Promise<string> {
  return (await readFile(join(place.path, 'safelight.yaml'), 'utf8')).replace(/^limits.*\n/m, '')
}

test('what may not be read is told, and its earlier version stays in the snapshot', async () => {
  await using place = await installed({
    'library/open.jpg': 'open',
    'library/closed.jpg': 'closed, earlier',
    'library/folder/inside.jpg': 'inside, earlier',
  })
  await backUp(place)
  await writeFiles(place, {
    'library/closed.jpg': 'closed, later',
    'library/never.jpg': 'never seen',
    'library/open.jpg': 'open, later',
    'library/folder/new.jpg': 'new',
  })
  for (const path of ['closed.jpg', 'never.jpg', 'folder'])
    await chmod(join(place.path, 'data/library', path), 0)
  // Root may read everything, unless it gives that up.
  const by =
    process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--'] : []
  const { exitCode, stdout } = await start(place, ['backup', '--json'], { by }).ended
  expect(exitCode).toBe(exitCodes.partial)
  const [document] = JSON.parse(stdout) as [Document]
  expect(document.snapshot.changes).toMatchObject({ unreadable: 3, changed: 1, archived: 0 })
  expect(document.problems).toEqual(
    expect.arrayContaining(
      ['library/closed.jpg', 'library/never.jpg', 'library/folder'].map((path) => ({
        kind: 'unreadable',
        path,
        reason: 'EACCES',
      })),
    ),
  )
  await place.run(['restore', '--to', 'restored'])
  const restored = (await describeTree(join(place.path, 'restored/library')))
    .filter(({ type }) => type === 'file')
    .map(({ path, size }) => `${path} ${size}`)
  expect(restored).toEqual(['.immich 13', 'closed.jpg 15', 'folder/inside.jpg 15', 'open.jpg 11'])
})

test('with two destinations, the record at each names the newest of the other that was there by then', async () => {
  await using place = await installed(
    { 'library/1.jpg': 'photo' },
    'database: false\ndestinations: [{ name: one, type: local, path: vault }, { name: two, type: local, path: two }]',
    {},
    ['one', 'two'],
  )
  const names: string[][] = []
  for (let run = 0; run < 3; run++) {
    const { stdout } = await place.run(['backup', '--json'])
    const ends = JSON.parse(stdout) as { snapshot: { id: string } }[]
    names.push(ends.map(({ snapshot: { id } }) => id))
  }
  // The other one may have been a moment faster, or slower.
  const lately = (i: number) => names.slice(1).map((ids) => idOf(ids[i] ?? ''))
  expect(lately(1)).toContainEqual((await headsAt(place, 'vault')).at(-1)?.['two'])
  expect(lately(0)).toContainEqual((await headsAt(place, 'two')).at(-1)?.['one'])
})

test('for two destinations each file is opened once, however large, and each destination has its own result', async () => {
  const films = { 'library/film.mp4': new Random(13).bytes(9_000_000) }
  const sidecars = { 'upload/1.xmp': 'one', 'upload/2.xmp': 'two', 'profile/3.xmp': 'three' }
  const files = { ...photos(5), ...films, ...sidecars }
  await using place = await installed(
    files,
    'database: false\ndestinations: [{ name: one, type: local, path: vault }, { name: two, type: local, path: two }]',
    {},
    ['one', 'two'],
  )
  const traces = join(place.path, 'traces')
  await mkdir(traces)
  // A file for each thread: in one for all, a call that another thread interrupts is told in two halves.
  const output = ['--output-separately', '--output', join(traces, 'of')]
  const by = ['strace', '--follow-forks', ...output, '--trace=open,openat,openat2']
  const { exitCode, stdout } = await start(place, ['backup', '--to', 'two', '--to', 'one', '--json'], { by })
    .ended
  expect(exitCode).toBe(exitCodes.done)
  const count = Object.keys(files).length
  expect(JSON.parse(stdout)).toMatchObject(
    ['one', 'two'].map((destination) => ({ destination, snapshot: { changes: { storedContents: count } } })),
  )
  const names = await readdir(traces)
  const calls = await Promise.all(names.map((name) => readFile(join(traces, name), 'utf8')))
  const opened = calls.flatMap((text) => text.split('\n')).filter((line) => / = \d+$/.test(line))
  const times = (path: string) =>
    opened.filter((line) => line.includes(`"${join(place.path, 'data', path)}"`)).length
  expect(Object.keys(files).map((path) => `${path} ${times(path)}`)).toEqual(
    Object.keys(files).map((path) => `${path} 1`),
  )
  expect((await place.run(['verify-restore', '--all', '--from', 'one'])).exitCode).toBe(exitCodes.done)
  expect((await place.run(['verify-restore', '--all', '--from', 'two'])).exitCode).toBe(exitCodes.done)
})

function idOf(name: string): { sequence: number; runId: string } {
  const [sequence, runId = ''] = name.split('-')
  return { sequence: Number(sequence), runId }
}

/** What each record at a destination says of the others. */
async function headsAt(place: Workplace, folder: string): Promise<SnapshotRecord['heads'][]> {
  const identity = await parseIdentity(
    await readFile(join(place.path, 'identity.txt'), 'utf8'),
    'identity.txt',
  )
  const storage = await openStorage({ type: 'local', path: join(place.path, folder) })
  const vault = await openVault(storage, { identity })
  const records = await readRecords(vault, 'main', await listRecords(vault, 'main', 0, {}), {})
  await storage.close()
  return records.map(({ record }) => record.heads)
}
