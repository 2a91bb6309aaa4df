import type { ImmichSchema } from './schema.ts'
import type { Queryable } from './session.ts'

export interface ImmichCounts {
  /** All assets, those in the trash included. */
  assets: number
  trashed: number
  albums: number
  users: number
  /** Deletions that Immich itself recorded; it keeps them for 31 days. They tell a wanted deletion from a loss. */
  recordedDeletions: number
  /** Rows of each of Immich's main tables, by its name as SQL: what a dump of the same moment must hold. */
  tableRows: ReadonlyMap<string, number>
}

/** Counts what a person would miss. Exact; one scan of each table, some seconds at a million assets. */
export async function readCounts(db: Queryable, { tables }: ImmichSchema): Promise<ImmichCounts> {
  const tableRows = new Map<string, number>()
  for (const table of Object.values(tables)) tableRows.set(table, await count(db, table))
  const rowsOf = (table: string | undefined) => (table === undefined ? 0 : (tableRows.get(table) ?? 0))
  return {
    assets: rowsOf(tables.asset),
    trashed: await count(db, `${tables.asset} WHERE "deletedAt" IS NOT NULL`),
    albums: rowsOf(tables.album),
    users: rowsOf(tables.user),
    recordedDeletions: rowsOf(tables.assetDeletion),
    tableRows,
  }
}

async function count(db: Queryable, from: string): Promise<number> {
  const [row] = await db.query<{ count: string }>(`SELECT count(*) AS count FROM ${from}`)
  return Number(row?.count)
}
