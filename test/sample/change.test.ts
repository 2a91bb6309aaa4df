import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from '../support/postgres.ts'
import { describeTree, type TreeEntry } from '../support/tree.ts'
import { changeSampleLibrary } from './change.ts'
import { findInconsistencies } from './inconsistencies.ts'
import { createSampleLibrary } from './library.ts'

/** SHA-256 by path, of originals and sidecars. */
function contents(tree: readonly TreeEntry[]): Map<string, string> {
  const kept = tree.filter(({ path, type }) => type === 'file' && /^(library|upload)\//.test(path))
  return new Map(kept.map(({ path, sha256 }) => [path, sha256 ?? '']))
}

test('a library lives on, again and again, and the database with it', async () => {
  await using postgres = await startPostgres()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-change-'))
  const database = await postgres.createDatabase('immich')
  const library = await createSampleLibrary({ root: join(folder.path, 'library'), database })
  for (const seed of [2, 3]) {
    const before = contents(await describeTree(library.root))
    const changes = await changeSampleLibrary(library, seed)
    const after = contents(await describeTree(library.root))
    expect(await findInconsistencies(library)).toEqual([])

    const expected = new Map(before)
    for (const path of changes.deleted) expect(expected.delete(path)).toBe(true)
    for (const { from, to } of changes.moved) {
      expected.set(to, expected.get(from) ?? 'moved from nowhere')
      expected.delete(from)
    }
    for (const path of changes.edited) {
      expect(after.get(path)).not.toBe(expected.get(path))
      expected.set(path, after.get(path) ?? 'missing')
    }
    for (const path of changes.added) expected.set(path, after.get(path) ?? 'missing')
    expect(after).toEqual(expected)

    const { added, edited, moved, deleted } = changes
    expect([added, edited, moved, deleted].every((list) => list.length >= 3)).toBe(true)
  }
})

test('what was deleted is remembered, and the trash is empty', async () => {
  await using postgres = await startPostgres()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-change-'))
  const database = await postgres.createDatabase('immich')
  const library = await createSampleLibrary({ root: join(folder.path, 'library'), database, scale: 40 })
  const { deleted } = await changeSampleLibrary(library)
  const gone = library.assets.filter(({ path }) => deleted.includes(path)).map(({ id }) => id)
  const client = new Client(database)
  await client.connect()
  const audit = await client.query<{ assetId: string }>('SELECT "assetId" FROM asset_audit')
  expect(audit.rows.map(({ assetId }) => assetId).sort()).toEqual(gone.sort())
  const trashed = await client.query(`SELECT id FROM asset WHERE status = 'trashed'`)
  await client.end()
  expect(trashed.rows).toEqual([])
})
