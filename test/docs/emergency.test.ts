import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest'
import { wrapForRecipients } from '../../src/crypto/age.ts'
import { generateIdentity, identityFile, type Identity } from '../../src/crypto/identity.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { compareTrees, describeTree, type TreeEntry } from '../support/tree.ts'
import { backUp } from '../runs/backedUp.ts'
import { createSampleVault, createSmallVault, type SampleVault } from '../runs/sampleVault.ts'
import { flip, keysIn, whileTampered } from '../runs/verify/tampering.ts'

const docs = join(import.meta.dirname, '../../docs')
const folders = ['library', 'upload', 'profile']

let vault: SampleVault
let tree: TreeEntry[]
/** A working directory as the page supposes it. */
let place: { path: string } & AsyncDisposable

beforeAll(async () => {
  vault = await createSampleVault()
  tree = within(await describeTree(vault.library.root))
})
afterAll(async () => await vault[Symbol.asyncDispose]())

beforeEach(async () => {
  place = await temporaryFolder()
  await copyFile(join(docs, 'emergency.py'), join(place.path, 'emergency.py'))
  await symlink(vault.path, join(place.path, 'vault'))
  await writeIdentity(vault.identity)
})
afterEach(async () => await place[Symbol.asyncDispose]())

async function writeIdentity(identity: Identity): Promise<void> {
  await writeFile(join(place.path, 'identity.txt'), identityFile(identity, new Date()))
}

/** Runs a command line of the page with Debian's own Python. */
async function run(command: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' }
  return await new Promise((resolve) => {
    execFile('/bin/sh', ['-euc', command], { cwd: place.path, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** What lies in the folders that are backed up. */
function within(entries: readonly TreeEntry[]): TreeEntry[] {
  return entries.filter(({ path }) => folders.includes(path.split('/')[0] ?? ''))
}

/** What a restored tree lacks or has otherwise; times are kept to the microsecond. */
async function differences(restored: string): Promise<string[]> {
  const found = within(await describeTree(restored))
  return compareTrees(tree, found, { ignoring: ['inode', 'ctime'], mtimeTolerance: 999n })
}

/** Files that may still have been uploading when the backup ran are not in it. */
async function expectWholeTree(restored: string): Promise<void> {
  const different = await differences(restored)
  expect(different.filter((line) => !line.endsWith(': missing'))).toEqual([])
  expect(different).toHaveLength(vault.newest.record.changes.deferred)
}

/** A copy of the vault that lacks some of it, in place of the vault. */
async function bare(...without: string[]): Promise<void> {
  const copy = join(place.path, 'vault')
  await rm(copy)
  await cp(vault.path, copy, { recursive: true })
  for (const name of without) await rm(join(copy, name), { recursive: true })
}

/** Runs the script as on a file system that has none of these. */
const poorDisk = `
import os, runpy
def refuse(*args, **options): raise PermissionError("no such thing")
os.chown = os.chmod = os.utime = os.symlink = os.link = refuse
runpy.run_path("emergency.py", run_name="__main__")`

async function wrapForStranger(key: Uint8Array): Promise<Uint8Array> {
  const { recipient } = await generateIdentity({ postQuantum: false })
  return await wrapForRecipients(key, [recipient])
}

function commandsOf(page: string, start: string): string[] {
  return page.split('\n').filter((line) => line.startsWith(start))
}

describe('with a manifest', () => {
  test('every file comes back under its own path, and the dump', async () => {
    const { code, stdout, stderr } = await run('python3 emergency.py vault out identity.txt')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(vault.pin.fingerprint)
    await expectWholeTree(join(place.path, 'out/files'))
    const dump = await readFile(join(place.path, 'out', vault.newest.record.database?.key ?? ''))
    expect(gunzipSync(dump).toString()).toContain('-- PostgreSQL database dump complete')
  })

  test('a recovery identity does as well, and a second run into the same folder, too', async () => {
    await writeIdentity(vault.recovery)
    expect(await run('python3 emergency.py vault out identity.txt')).toMatchObject({ code: 0 })
    await rm(join(place.path, 'out/files/profile'), { recursive: true })
    expect(await run('python3 emergency.py vault out identity.txt')).toMatchObject({ code: 0 })
    await expectWholeTree(join(place.path, 'out/files'))
  })

  test('what is damaged is told, and everything else comes back', async () => {
    const [key = ''] = keysIn(vault, 'objects/')
    await whileTampered(vault, [key], flip(0.5), async () => {
      const { code, stderr } = await run('python3 emergency.py vault out identity.txt')
      expect(code).toBe(1)
      const lost = stderr.match(/^PROBLEM: .* was altered$/gm) ?? []
      expect(lost.length).toBeGreaterThan(0)
      expect(await differences(join(place.path, 'out/files'))).toHaveLength(
        vault.newest.record.changes.deferred + lost.length,
      )
    })
  })

  test('a folder may have any name, and a disk no owners, modes, times or links', async () => {
    await symlink(vault.path, join(place.path, 'my [old] vault *'))
    const { code, stdout, stderr } = await run(`python3 -c '${poorDisk}' "my [old] vault *" out identity.txt`)
    const links = tree.filter(({ type }) => type === 'symlink')
    expect(stderr.match(/^PROBLEM: .*no such thing$/gm)).toHaveLength(links.length)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^\d+ files and folders could not get their mode or times/m)
    const lost = (await differences(join(place.path, 'out/files'))).filter((line) =>
      line.endsWith(': missing'),
    )
    expect(lost).toHaveLength(vault.newest.record.changes.deferred + links.length)
  })

  test('a key that is also there for somebody else is no problem', async () => {
    await bare()
    for (const key of await readdir(join(place.path, 'vault/keys'))) {
      const folder = join(place.path, 'vault/keys', key)
      if (key !== 'index') await writeFile(join(folder, '2.age'), await wrapForStranger(Buffer.alloc(32)))
    }
    expect(await run('python3 emergency.py vault out identity.txt')).toMatchObject({ code: 0, stderr: '' })
  })

  test('an index key that an attempt to make the vault left behind is passed over', async () => {
    await bare()
    const other = await wrapForRecipients(Buffer.alloc(32, 1), [vault.recovery.recipient])
    await writeFile(join(place.path, 'vault/keys/index/9.age'), other)
    await writeIdentity(vault.recovery)
    const { code, stdout } = await run('python3 emergency.py vault out identity.txt')
    expect(code).toBe(0)
    expect(stdout).toContain(vault.pin.fingerprint)
  })

  test('that there are several hosts is told', async () => {
    await using small = await createSmallVault()
    await backUp(small, small.mediaRoot, { host: 'nas' })
    await writeIdentity(small.identity)
    const { code, stdout } = await run(`python3 emergency.py ${small.path} out identity.txt`)
    expect(code).toBe(0)
    expect(stdout).toContain('several hosts, of which one comes back at a time: main, nas')
  })

  test('an identity of somebody else opens nothing', async () => {
    await writeFile(
      join(place.path, 'identity.txt'),
      'AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWRYDWG\n',
    )
    const { code, stderr } = await run('python3 emergency.py vault out identity.txt')
    expect(code).toBe(1)
    expect(stderr).toContain('opens no file in keys/index')
  })
})

describe('without any manifest', () => {
  const command = 'python3 emergency.py --no-manifest --paths-from-dump vault out identity.txt'

  test('every content and dump comes back, and the originals under their paths', async () => {
    await bare('hosts')
    expect(await run(command)).toMatchObject({ code: 0, stderr: '' })
    await expectContents()
    await expectOriginals()
  })

  test('not even vault.json and the index key are needed, nor hard links, with the vault id of the recovery sheet', async () => {
    await bare('hosts', 'vault.json', 'keys/index')
    const { code, stderr } = await run(
      `python3 -c '${poorDisk}' ${command.replace('python3 emergency.py', '')} --vault-id ${vault.pin.id}`,
    )
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(2)
    expect(stderr).toContain('opens no file in keys/index')
    await expectContents()
    await expectOriginals()
  })

  async function expectOriginals(): Promise<void> {
    const found = (await describeTree(join(place.path, 'out/paths/data'))).filter(
      ({ type }) => type === 'file',
    )
    expect(found.map(({ path }) => path).sort()).toEqual(await originals())
    const hashes = new Map(tree.map(({ path, sha256 }) => [path, sha256]))
    expect(found.filter(({ path, sha256 }) => hashes.get(path) !== sha256)).toEqual([])
  }

  async function expectContents(): Promise<void> {
    const contents = await describeTree(join(place.path, 'out/contents'))
    const files = contents.filter(({ type }) => type === 'file')
    expect(files.filter(({ path, sha256 }) => basename(path) !== sha256)).toEqual([])
    const known = new Set(files.map(({ sha256 }) => sha256))
    const lost = tree.filter(({ type, sha256 }) => type === 'file' && !known.has(sha256))
    expect(lost.length).toBeLessThanOrEqual(vault.newest.record.changes.deferred)
    expect(keysIn(vault, 'database/')).toHaveLength(2)
    for (const key of keysIn(vault, 'database/')) {
      const dump = gunzipSync(await readFile(join(place.path, 'out', key)))
      expect(dump.toString()).toContain('-- PostgreSQL database dump complete')
    }
  }

  /** The originals in the folders that were backed up, as the database knows them. */
  async function originals(): Promise<string[]> {
    const client = new Client(vault.library.database)
    await client.connect()
    try {
      const { rows } = await client.query<{ path: string }>('SELECT "originalPath" AS path FROM asset')
      return rows
        .filter(({ path }) => folders.some((folder) => path.startsWith(`/data/${folder}/`)))
        .map(({ path }) => path.slice('/data/'.length))
        .sort()
    } finally {
      await client.end()
    }
  }
})

test('every command of the page that calls the script works as it stands there', async () => {
  const page = await readFile(join(docs, 'emergency.md'), 'utf8')
  const commands = commandsOf(page, 'python3 emergency.py')
  expect(commands).toHaveLength(3)
  const [older = ''] = keysIn(vault, 'hosts/main/snapshots/')
  for (const command of commands) {
    await rm(join(place.path, 'out'), { recursive: true, force: true })
    const result = await run(command.replace('NAME', basename(older)))
    expect(result).toMatchObject({ code: 0, stderr: '' })
  }
})

test('the page makes every folder that Immich asks for', async () => {
  const page = await readFile(join(docs, 'emergency.md'), 'utf8')
  const block = /```sh\n(cd out\/files\n.*?)```/s.exec(page)?.[1] ?? ''
  await mkdir(join(place.path, 'out/files'), { recursive: true })
  expect(await run(block)).toMatchObject({ code: 0, stderr: '' })
  const made = await describeTree(join(place.path, 'out/files'))
  const markers = made.map(({ path }) => path).filter((path) => path.endsWith('.immich'))
  expect(markers.sort()).toEqual(
    ['backups', 'encoded-video', 'library', 'profile', 'thumbs', 'upload'].map((name) => `${name}/.immich`),
  )
})
