import { chmod, copyFile, cp, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { workplace } from '../cli/safelight.ts'
import { describeTree } from '../support/tree.ts'

const frozen = join(import.meta.dirname, '../fixtures/vault-v1')

interface ExpectedPath {
  type: string
  mode: number
  /** Microseconds, for files. */
  mtime?: number
  sha256?: string
  target?: string
}

interface Expected {
  pin: { id: string; fingerprint: string }
  snapshots: Record<string, Record<string, ExpectedPath>>
}

const expected = JSON.parse(await readFile(join(frozen, 'expected.json'), 'utf8')) as Expected

/** A copy of the frozen vault, and a configuration that opens it with one of its identities. */
async function openFrozen(identity: 'identity.txt' | 'recovery.txt') {
  const place = await workplace()
  await cp(join(frozen, 'vault'), join(place.path, 'vault'), { recursive: true })
  await copyFile(join(frozen, identity), join(place.path, 'identity.txt'))
  await chmod(join(place.path, 'identity.txt'), 0o600)
  const { id, fingerprint } = expected.pin
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `state: state
identity: file:identity.txt
vault: { id: ${id}, fingerprint: ${fingerprint} }
destinations: [{ name: disk, type: local, path: vault }]
`,
  )
  return place
}

/** What is below a restored folder, as far as the fixture tells it; what restore itself adds is left out. */
async function pathsBelow(folder: string, asTold: Record<string, ExpectedPath>) {
  const found: Record<string, ExpectedPath> = {}
  for (const { path, type, mode, mtime, sha256, target } of await describeTree(folder)) {
    if (!(path in asTold)) continue
    found[path] = {
      type,
      mode: mode & 0o7777,
      ...(type === 'file' ? { mtime: Number(mtime / 1000n) } : {}),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(target === undefined ? {} : { target }),
    }
  }
  return found
}

describe('a vault of format version 1, written by Safelight 0.1.0', () => {
  for (const identity of ['identity.txt', 'recovery.txt'] as const) {
    for (const snapshot of Object.keys(expected.snapshots)) {
      test(`gives snapshot ${snapshot} back with ${identity}`, async () => {
        await using place = await openFrozen(identity)
        const { exitCode, stderr } = await place.run(['restore', '--snapshot', snapshot, '--to', 'restored'])
        expect(stderr).not.toContain('error')
        expect(exitCode).toBe(0)
        const asTold = expected.snapshots[snapshot] ?? {}
        expect(await pathsBelow(join(place.path, 'restored'), asTold)).toEqual(asTold)
      })
    }
  }

  test('gives its database dump back', async () => {
    await using place = await openFrozen('identity.txt')
    await place.run(['restore', '--to', 'restored'])
    const backups = join(place.path, 'restored/backups')
    const [dump = ''] = (await readdir(backups)).filter((name) =>
      name.startsWith('uploaded-immich-db-backup-'),
    )
    const sql = gunzipSync(await readFile(join(backups, dump))).toString('utf8')
    expect(sql).toContain('-- PostgreSQL database dump complete')
  })

  test('verifies whole', async () => {
    await using place = await openFrozen('identity.txt')
    const { exitCode, stdout, stderr } = await place.run(['verify-restore', '--all'])
    expect(`${stdout}${stderr}`).toMatch(/none bad|all/i)
    expect(exitCode).toBe(0)
  })
})
