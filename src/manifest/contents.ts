import type { Database } from 'better-sqlite3'
import { pathFromBytes } from '../shared/bytePath.ts'
import type { ContentLocation } from './view.ts'

const locations = `SELECT c.id, c.sha256, c.size, k.key_id AS keyId, c.ciphertext_sha256 AS ciphertextSha256,
  c.pack, c.pack_offset AS packOffset FROM content c LEFT JOIN data_key k ON k.id = c.data_key`

/** Reads single contents of a working copy, all in one transaction: a lock for each would cost more than the reading. */
export class ContentFinder {
  readonly #byId
  readonly #byPack

  /** @param db of which nobody writes any more; it gets an index by pack, which is never uploaded. */
  constructor(db: Database) {
    db.exec(
      'CREATE INDEX IF NOT EXISTS content_by_pack ON content (pack, pack_offset) WHERE pack IS NOT NULL',
    )
    db.exec('BEGIN')
    this.#byId = db.prepare<[number], ContentLocation>(`${locations} WHERE c.id = ?`)
    this.#byPack = db.prepare<[number], ContentLocation>(
      `${locations} WHERE c.pack = ? ORDER BY c.pack_offset`,
    )
  }

  content(id: number): ContentLocation[] {
    return this.#byId.all(id)
  }

  /** The contents of a pack, by offset. */
  contentsOfPack(pack: number): IterableIterator<ContentLocation> {
    return this.#byPack.iterate(pack)
  }
}

/** A path that had a content, from one sequence until another. */
export interface ContentUse {
  content: number
  path: string
  since: number
  /** Null: still. */
  until: number | null
}

/** Every path that ever had one of these contents. Reads through all entries once. */
export function* usesOfContents(
  db: Database,
  contents: ReadonlySet<number>,
): Generator<ContentUse, void, undefined> {
  const uses = db.prepare<[string], Omit<ContentUse, 'path'> & { directory: number; name: Buffer }>(
    `SELECT content, directory, CAST(name AS BLOB) AS name, since, until FROM entry
     WHERE content IN (SELECT value FROM json_each(?))`,
  )
  const parent = db.prepare<[number], { parent: number; name: Buffer }>(
    'SELECT parent, CAST(name AS BLOB) AS name FROM directory WHERE id = ?',
  )
  for (const { directory, name, ...use } of uses.iterate(JSON.stringify([...contents]))) {
    const names = [name]
    for (let row = parent.get(directory); row && names.length < maxDepth; row = parent.get(row.parent)) {
      names.unshift(row.name)
    }
    yield { ...use, path: names.map(pathFromBytes).join('/') }
  }
}

/** Deeper than any path that Linux can open; a manifest whose directories form a ring ends here. */
const maxDepth = 4096

/**
 * Whether every row refers to rows that exist.
 * @returns what is wrong, or undefined.
 */
export function brokenReference(db: Database): string | undefined {
  for (const [what, sql] of references) {
    const count = db.prepare(`SELECT count(*) FROM ${sql}`).pluck().get() as number
    if (count > 0) return `${count} ${what}`
  }
  return undefined
}

const references = [
  [
    'entries name a content that it does not have',
    'entry WHERE content IS NOT NULL AND content NOT IN (SELECT id FROM content)',
  ],
  [
    'entries name a directory that it does not have',
    'entry WHERE directory <> 0 AND directory NOT IN (SELECT id FROM directory)',
  ],
  [
    'directories name a parent that it does not have',
    'directory WHERE parent <> 0 AND parent NOT IN (SELECT id FROM directory)',
  ],
  [
    'contents lie nowhere',
    `content WHERE (pack IS NULL AND (ciphertext_sha256 IS NULL OR data_key IS NULL OR data_key NOT IN (SELECT id FROM data_key)))
       OR (pack IS NOT NULL AND (pack_offset IS NULL OR pack NOT IN (SELECT id FROM pack)))`,
  ],
  ['packs name a key that it does not have', 'pack WHERE data_key NOT IN (SELECT id FROM data_key)'],
] as const
