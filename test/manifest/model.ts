/* A manifest, and beside it the plainest model of what it should say. */
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { entryTypes, type EntryMetadata } from '../../src/manifest/entry.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { SnapshotView } from '../../src/manifest/view.ts'

/** What a run does to the manifest. Folders and names are picked from a few, so that paths meet again. */
export type Step =
  | { kind: 'file'; folder: string; name: string; content: number; mode: number }
  | { kind: 'link'; folder: string; name: string; target: string }
  | { kind: 'archive'; folder: string; name: string }
  | { kind: 'archive tree'; folder: string }

const folder = fc.constantFrom('library', 'library/a', 'library/a/b', 'upload', 'upload/\udcff')
const name = fc.constantFrom('1.jpg', '2.jpg', 'caf\udce9', 'é', '🏔️')

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      folder,
      name,
      content: fc.nat(20),
      mode: fc.nat(0o7777),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), folder, name, target: name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('archive' as const), folder, name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('archive tree' as const), folder }) },
)

/** A path as model and view both tell it. */
export type ModelEntry = { target: string } | { content: string; size: number; mode: number }
export type Model = ReadonlyMap<string, ModelEntry>

/** The model after steps. */
export function after(before: Model, steps: readonly Step[]): Model {
  const model = new Map(before)
  for (const action of steps) {
    if (action.kind === 'archive tree') {
      for (const path of model.keys()) if (path.startsWith(`${action.folder}/`)) model.delete(path)
      continue
    }
    const path = `${action.folder}/${action.name}`
    if (action.kind === 'archive') model.delete(path)
    else if (action.kind === 'link') model.set(path, { target: action.target })
    else
      model.set(path, {
        content: hashOf(action.content).toString('hex'),
        size: action.content,
        mode: action.mode,
      })
  }
  return model
}

/** Does the steps to a manifest, as a run does that will commit `sequence`. */
export function apply(manifest: Manifest, steps: readonly Step[], sequence: number): void {
  for (const action of steps) {
    const directory = manifest.directoryId(action.folder, sequence)
    if (action.kind === 'archive tree') manifest.archiveTree(directory, sequence)
    else if (action.kind === 'archive') manifest.archiveEntry(directory, action.name, sequence)
    else if (action.kind === 'link') {
      const { name, target } = action
      manifest.putEntry(directory, { ...metadata, name, target, type: entryTypes.symlink }, sequence)
    } else {
      const content = contentRow(manifest, action.content, sequence)
      const { name, mode } = action
      manifest.putEntry(directory, { ...metadata, mode, name, content, type: entryTypes.file }, sequence)
    }
  }
}

/** What a view says, in the model's words. */
export function modelOf(manifest: Manifest, sequence: number): Model {
  const model = new Map<string, ModelEntry>()
  const hash = manifest.db.prepare('SELECT sha256 FROM content WHERE id = ?').pluck()
  for (const { path, target, content, size, mode } of new SnapshotView(manifest.db, sequence).entries()) {
    const entry =
      target === null
        ? { content: (hash.get(content) as Buffer).toString('hex'), size: size ?? -1, mode }
        : { target }
    model.set(path, entry)
  }
  return model
}

/** Every row of the uploaded tables. */
export function rowsOf(manifest: Manifest): Record<string, unknown[]> {
  const tables = ['snapshot', 'data_key', 'pack', 'content', 'directory', 'entry']
  const rows = (table: string) => {
    const order = table === 'entry' ? 'directory, name, since' : '1'
    return manifest.db.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).all()
  }
  return Object.fromEntries(tables.map((table) => [table, rows(table)]))
}

export const metadata: EntryMetadata = {
  mode: 0o644,
  uid: 1000,
  gid: 1000,
  mtime: 1_700_000_000_123_456,
  ctime: 1_700_000_001_123_456,
  atime: 1_700_000_002_123_456,
  birthtime: 1_699_999_999_123_456,
  inode: 4_711,
}

export function hashOf(content: number | string): Buffer {
  return createHash('sha256').update(`content ${content}`).digest()
}

/** Contents with odd numbers lie in packs. */
function contentRow(manifest: Manifest, content: number, sequence: number): number {
  const sha256 = hashOf(content)
  const known = manifest.findContent(sha256)
  if (known) return known.id
  const keyId = hashOf(`key ${sequence}`).subarray(0, 16)
  const dataKey =
    manifest.dataKeyRow(keyId) ??
    manifest.addDataKey(keyId, { size: 300, sha256: hashOf('wrapped') }, sequence)
  const ciphertextSha256 = hashOf(`ciphertext ${content}`)
  if (content % 2 === 0)
    return manifest.addContent({ sha256, size: content, dataKey, ciphertextSha256 }, sequence)
  const name = `${sequence.toString(16).padStart(16, '0')}-${content}`
  const pack = manifest.addPack({ name, dataKey, plaintextSize: content + 48, ciphertextSha256 }, sequence)
  return manifest.addContent({ sha256, size: content, pack, offset: 0 }, sequence)
}
