import type { Database } from 'better-sqlite3'

/** Objects of the vault that hold contents, counted. */
export interface Holding {
  objects: number
  /** Of ciphertext. */
  bytes: number
  smallObjects: number
  smallBytes: number
}

/** How sizes are counted. */
export interface HoldingMeasure {
  /** Length of the object that holds so many bytes of plaintext. */
  objectSize: (plaintextSize: number) => number
  /** A smaller object is a small one. */
  smallSize: number
}

const objects = `SELECT id, NULL AS pack, size AS plain, since FROM content WHERE pack IS NULL
  UNION ALL SELECT NULL, id, plaintext_size, since FROM pack`
const counted = `count(*) AS objects, coalesce(sum(bytes), 0) AS bytes, count(*) FILTER (WHERE bytes < @smallSize) AS smallObjects,
  coalesce(sum(bytes) FILTER (WHERE bytes < @smallSize), 0) AS smallBytes`

/** What came to the vault with one snapshot or checkpoint. */
export interface HoldingSince extends Holding {
  /** When that was committed; undefined for what an unfinished run has left. */
  since: Date | undefined
}

/** All that the vault holds, the oldest first. */
export function holdingsByTime(db: Database, measure: HoldingMeasure): HoldingSince[] {
  prepareMeasure(db, measure)
  const rows = db
    .prepare(
      `SELECT created, ${counted} FROM (SELECT since, object_size(plain) AS bytes FROM (${objects}))
       LEFT JOIN snapshot ON snapshot.sequence = since GROUP BY since ORDER BY since`,
    )
    .all({ smallSize: measure.smallSize }) as (Holding & { created: number | null })[]
  return rows.map(({ created, ...holding }) => ({
    ...holding,
    since: created === null ? undefined : new Date(created),
  }))
}

/** When the first complete snapshot was committed. */
export function firstSnapshotTime(db: Database): Date | undefined {
  const created = db.prepare('SELECT min(created) FROM snapshot WHERE complete = 1').pluck().get() as
    number | null
  return created === null ? undefined : new Date(created)
}

/** What a restore of the newest state of all paths reads. */
export function currentHolding(db: Database, measure: HoldingMeasure): Holding {
  prepareMeasure(db, measure)
  return db
    .prepare(
      `WITH used AS (SELECT id, pack FROM content WHERE id IN (SELECT content FROM entry WHERE until IS NULL))
       SELECT ${counted} FROM (SELECT object_size(plain) AS bytes FROM (${objects})
       WHERE id IN (SELECT id FROM used) OR pack IN (SELECT pack FROM used WHERE pack IS NOT NULL))`,
    )
    .get({ smallSize: measure.smallSize }) as Holding
}

function prepareMeasure(db: Database, { objectSize }: HoldingMeasure): void {
  db.function('object_size', { deterministic: true }, (plain) => objectSize(plain as number))
}
