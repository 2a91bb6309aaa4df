import Sqlite, { type Database } from 'better-sqlite3'
import type { ExpectedObject } from './sizes.ts'

/** Places of objects, in the order in which a storage lists them, however many they are. */
export class SortedPlaces implements Disposable {
  readonly #db: Database

  constructor(file: string, places: Iterable<ExpectedObject>) {
    this.#db = new Sqlite(file)
    this.#db.pragma('journal_mode = OFF')
    this.#db.pragma('synchronous = OFF')
    this.#db.exec('CREATE TABLE place (key TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID')
    const insert = this.#db.prepare('INSERT OR IGNORE INTO place VALUES (?, ?)')
    this.#db.transaction(() => {
      for (const { key, size } of places) insert.run(key, size)
    })()
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  /** Those whose keys begin with a prefix, in byte order. */
  below(prefix: string): IterableIterator<ExpectedObject> {
    return this.#db
      .prepare('SELECT key, size FROM place WHERE substr(key, 1, length(@prefix)) = @prefix ORDER BY key')
      .iterate({ prefix }) as IterableIterator<ExpectedObject>
  }
}
