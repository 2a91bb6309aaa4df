import { parseDatabaseUrl } from '../../src/immich/databaseUrl.ts'
import { connect, type DatabaseSession } from '../../src/immich/session.ts'

/** All that a database holds, small enough to be compared. */
export interface DatabaseDescription {
  /** Number of rows and a digest of them all, by table. */
  tables: ReadonlyMap<string, { rows: number; digest: string }>
  /** Columns, indexes, constraints and sequences, one readable line each, sorted. */
  structure: readonly string[]
}

/** Reads a whole database, in one read-only transaction. @param url connection URL. */
export async function describeDatabase(url: string, signal: AbortSignal): Promise<DatabaseDescription> {
  await using session = await connect(parseDatabaseUrl(url), signal)
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // Values as text must not depend on the settings of a server or a user.
  await session.query(`SELECT set_config(name, value, true) FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO'),
    ('IntervalStyle', 'postgres'), ('bytea_output', 'hex'), ('extra_float_digits', '1')) AS wanted (name, value)`)
  const tables = new Map<string, { rows: number; digest: string }>()
  for (const { name } of await session.query<{ name: string }>(ownTables)) {
    tables.set(name, await describeTable(session, name))
  }
  const lines = await session.query<{ line: string }>(structure)
  return { tables, structure: lines.map(({ line }) => line) }
}

/** Order says nothing of a table, so the rows' own digests are sorted. */
async function describeTable(
  session: DatabaseSession,
  name: string,
): Promise<{ rows: number; digest: string }> {
  const [row] = await session.query<{ rows: string; digest: string }>(
    `SELECT count(*) AS rows, md5(coalesce(string_agg(digest, '' ORDER BY digest COLLATE "C"), '')) AS digest
     FROM (SELECT md5(t::text) AS digest FROM ${name} AS t) AS rows`,
  )
  if (row === undefined) throw new Error(`counting ${name} gave nothing`)
  return { rows: Number(row.rows), digest: row.digest }
}

const own = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

/** Tables and materialized views that no extension brought. */
const ownTables = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND ${own} ORDER BY n.nspname, c.relname`

/** NOT NULL stands with the column: only newer servers count it among the constraints, too. */
const structure = `
  WITH own AS (
    SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own})
  SELECT line FROM (
    SELECT format('column %s.%I %s%s default %s', own.name, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' not null' END, coalesce(pg_get_expr(d.adbin, d.adrelid), 'none')) AS line
    FROM own JOIN pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE own.relkind IN ('r', 'm', 'p', 'v')
    UNION ALL SELECT pg_get_indexdef(own.oid) FROM own WHERE own.relkind = 'i'
    UNION ALL SELECT format('constraint %I of %s: %s', o.conname, own.name, pg_get_constraintdef(o.oid))
    FROM own JOIN pg_constraint o ON o.conrelid = own.oid WHERE o.contype <> 'n'
    UNION ALL SELECT format('sequence %I.%I at %s', schemaname, sequencename, last_value) FROM pg_sequences
  ) AS lines ORDER BY line COLLATE "C"`

/** What differs between two databases, one readable line each; an empty list means that they hold the same. */
export function compareDatabases(before: DatabaseDescription, after: DatabaseDescription): string[] {
  const differences: string[] = []
  for (const [name, { rows, digest }] of before.tables) {
    const other = after.tables.get(name)
    if (other === undefined) differences.push(`${name}: missing`)
    else if (other.rows !== rows) differences.push(`${name}: had ${rows} rows, has ${other.rows}`)
    else if (other.digest !== digest) differences.push(`${name}: ${rows} rows, with another content`)
  }
  for (const name of after.tables.keys()) if (!before.tables.has(name)) differences.push(`${name}: new`)
  const [old, now] = [new Set(before.structure), new Set(after.structure)]
  differences.push(...before.structure.filter((line) => !now.has(line)).map((line) => `missing: ${line}`))
  differences.push(...after.structure.filter((line) => !old.has(line)).map((line) => `new: ${line}`))
  return differences
}

/** Rows of all tables together. */
export function countRows({ tables }: DatabaseDescription): number {
  return tables.values().reduce((sum, { rows }) => sum + rows, 0)
}
