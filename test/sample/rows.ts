import { type Client, escapeIdentifier } from 'pg'

/** Rows by the name of their table. All rows of one table name the same columns; others get their defaults. */
export type Rows = Record<string, Record<string, unknown>[]>

/** Inserts all rows, one statement for each table, in the order of the tables. Values travel as JSON. */
export async function insertRows(client: Client, rows: Rows): Promise<void> {
  for (const [table, records] of Object.entries(rows)) {
    const [first] = records
    if (first === undefined) continue
    const name = escapeIdentifier(table)
    const columns = Object.keys(first).map(escapeIdentifier).join(', ')
    await client.query(
      `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${name}, $1)`,
      [JSON.stringify(records)],
    )
  }
}
