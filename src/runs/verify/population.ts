import Sqlite, { type Database } from 'better-sqlite3'
import { objectSize } from '../../crypto/envelope.ts'

/** Whether an object was read back, or its stored bytes were compared with their checksum. */
export type CheckKind = 'read' | 'stored'

/** An object that can be checked: a content of its own, or a pack. */
export interface PopulationObject {
  /** The first 8 bytes of its ciphertext's SHA-256. */
  id: Buffer
  /** Number of the chain that knows it. */
  chain: number
  isPack: boolean
  /** Row of the content or pack in that chain's manifest. */
  row: number
  plaintextSize: number
}

/** What a verification is going to check. */
export interface Choice {
  objects: number
  /** Their stored bytes. */
  bytes: number
  /** Whether there would have been more, but for the limit of bytes. */
  endedByBytes: boolean
  /** Objects that the limit of bytes rules out, whenever their turn comes. */
  tooLarge: number
  /**
   * Those of the objects that were drawn at random, and out of how many: all that were last checked at the same time,
   * and are not too large. The others come before them in any case.
   */
  drawn: { objects: number; from: number }
}

/** How much of the vault was checked, and since when. */
export interface Coverage {
  objects: number
  /** Objects that no verification has found good, or that were bad the last time. */
  never: number
  /** The oldest of the others' last checks. */
  since: string | null
  /** Objects that were found good within the last 90 days. */
  recent: number
}

export const idSize = 8
export const recentDays = 90
const yearMs = 366 * 24 * 3600 * 1000

const columns = {
  read: 'read_at',
  // Reading an object back says more than comparing its stored bytes.
  stored: 'max(read_at, stored_at)',
} as const

const fits = '(@most IS NULL OR object_size(plaintext_size) <= @most)'
const assignment = { read: 'read_at = @time', stored: 'stored_at = @time' } as const
const badMark = -1
const badWhereUnknown = ['read_at', 'stored_at']
  .map((column) => `${column} = CASE ${column} WHEN 0 THEN @time ELSE ${column} END`)
  .join(', ')

/** All objects that the vault's manifests refer to, and when each was last found good. One file, for one run. */
export class Population implements Disposable {
  readonly #db: Database

  constructor(file: string) {
    this.#db = new Sqlite(file)
    this.#db.pragma('journal_mode = OFF')
    this.#db.pragma('synchronous = OFF')
    this.#db.function('object_size', { deterministic: true }, (plaintext) => objectSize(plaintext as number))
    this.#db.exec(`CREATE TABLE object (
      id BLOB PRIMARY KEY, chain INTEGER NOT NULL, is_pack INTEGER NOT NULL, row INTEGER NOT NULL,
      plaintext_size INTEGER NOT NULL, since INTEGER NOT NULL,
      read_at INTEGER NOT NULL DEFAULT 0, stored_at INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID`)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  get size(): number {
    return this.#db.prepare('SELECT count(*) FROM object').pluck().get() as number
  }

  /** Adds the objects of a manifest that are not here yet. @returns how many were. */
  addChain(chain: number, manifestFile: string): number {
    this.#db.prepare('ATTACH ? AS manifest').run(manifestFile)
    try {
      return this.#db
        .prepare(
          `INSERT OR IGNORE INTO object (id, chain, is_pack, row, plaintext_size, since)
           SELECT substr(ciphertext_sha256, 1, ${idSize}), @chain, 0, id, size, since
             FROM manifest.content WHERE pack IS NULL
           UNION ALL
           SELECT substr(ciphertext_sha256, 1, ${idSize}), @chain, 1, id, plaintext_size, since FROM manifest.pack`,
        )
        .run({ chain }).changes
    } finally {
      this.#db.exec('DETACH manifest')
    }
  }

  /** Notes what an earlier verification found. Verifications are recalled newest first: what is known already stands. */
  recall(ids: Iterable<Uint8Array>, kind: CheckKind, found: Date | 'bad'): void {
    const set = found === 'bad' ? badWhereUnknown : assignment[kind]
    this.#update(`UPDATE object SET ${set} WHERE id = @id AND ${columns[kind]} = 0`, ids, found)
  }

  /** As {@link recall}, for all objects that a chain had up to a sequence. */
  recallUpTo(chain: number, sequence: number, kind: CheckKind, time: Date): void {
    this.#db
      .prepare(
        `UPDATE object SET ${assignment[kind]} WHERE chain = @chain AND since <= @sequence AND ${columns[kind]} = 0`,
      )
      .run({ chain, sequence, time: time.getTime() })
  }

  /** Notes what this verification found. */
  mark(ids: Iterable<Uint8Array>, kind: CheckKind, found: Date | 'bad'): void {
    const set = found === 'bad' ? 'read_at = @time, stored_at = @time' : assignment[kind]
    this.#update(`UPDATE object SET ${set} WHERE id = @id`, ids, found)
  }

  #update(sql: string, ids: Iterable<Uint8Array>, found: Date | 'bad'): void {
    const statement = this.#db.prepare(sql)
    const time = found === 'bad' ? badMark : found.getTime()
    this.#db.transaction(() => {
      for (const id of ids) statement.run({ id, time })
    })()
  }

  /**
   * Chooses the objects that were checked least recently, in random order where they tie; those that were bad come first.
   * @param limit how many at most.
   * @param maxBytes stored bytes of all of them together, at most: the first that does not fit ends it. One that is
   *   larger by itself is passed over, because it would come first from then on, and nothing after it ever again.
   */
  choose(kind: CheckKind, limit: number, maxBytes: number): Choice {
    this.#db.exec('DROP TABLE IF EXISTS chosen')
    this.#db.exec('CREATE TABLE chosen (position INTEGER PRIMARY KEY, id BLOB NOT NULL) STRICT')
    const most = Number.isFinite(maxBytes) ? maxBytes : null
    this.#db
      .prepare(
        `INSERT INTO chosen (id) SELECT id FROM object WHERE ${fits} ORDER BY ${columns[kind]}, random() LIMIT @limit`,
      )
      .run({ limit, most })
    const choice: Choice = {
      objects: 0,
      bytes: 0,
      endedByBytes: false,
      tooLarge: this.#count(`NOT ${fits}`, { most }),
      drawn: { objects: 0, from: 0 },
    }
    let time = 0
    const rows = this.#db.prepare(
      `SELECT plaintext_size AS plaintextSize, ${columns[kind]} AS checkedAt
       FROM chosen JOIN object USING (id) ORDER BY position`,
    )
    type Row = { plaintextSize: number; checkedAt: number }
    for (const { plaintextSize, checkedAt } of rows.iterate() as IterableIterator<Row>) {
      const size = objectSize(plaintextSize)
      choice.endedByBytes = choice.bytes + size > maxBytes
      if (choice.endedByBytes) break
      choice.objects += 1
      choice.bytes += size
      choice.drawn.objects = checkedAt === time ? choice.drawn.objects + 1 : 1
      time = checkedAt
    }
    this.#db.prepare('DELETE FROM chosen WHERE position > ?').run(choice.objects)
    choice.drawn.from = this.#count(`${columns[kind]} = @time AND ${fits}`, { most, time })
    return choice
  }

  #count(condition: string, values: Record<string, number | null>): number {
    return this.#db.prepare(`SELECT count(*) FROM object WHERE ${condition}`).pluck().get(values) as number
  }

  /** What {@link choose} chose, in the order in which manifests have it: many are read much faster so. */
  *chosen(): Generator<PopulationObject, void, undefined> {
    const rows = this.#db.prepare(
      `SELECT id, chain, is_pack AS isPack, row, plaintext_size AS plaintextSize
       FROM chosen JOIN object USING (id) ORDER BY chain, is_pack, row`,
    )
    type Row = Omit<PopulationObject, 'isPack'> & { isPack: number }
    for (const row of rows.iterate() as IterableIterator<Row>) yield { ...row, isPack: row.isPack === 1 }
  }

  /** Days of the last year, the oldest first, and how many objects were last found good on each. */
  checkedOnDays(kind: CheckKind, now: Date): [day: string, objects: number][] {
    return this.#db
      .prepare(
        `SELECT date(at / 1000, 'unixepoch') AS day, count(*)
         FROM (SELECT ${columns[kind]} AS at FROM object) WHERE at >= ? GROUP BY day ORDER BY day`,
      )
      .raw()
      .all(now.getTime() - yearMs) as [string, number][]
  }

  coverage(kind: CheckKind, now: Date): Coverage {
    const recentFrom = now.getTime() - recentDays * 24 * 3600 * 1000
    const row = this.#db
      .prepare(
        `SELECT count(*) AS objects, count(*) FILTER (WHERE at <= 0) AS never,
           min(at) FILTER (WHERE at > 0) AS since, count(*) FILTER (WHERE at >= ?) AS recent
         FROM (SELECT ${columns[kind]} AS at FROM object)`,
      )
      .get(recentFrom) as Omit<Coverage, 'since'> & { since: number | null }
    return { ...row, since: row.since === null ? null : new Date(row.since).toISOString() }
  }
}
