import type { Queryable } from './session.ts'

/**
 * Tables and sequences that the user may not read, as SQL: one of them is enough for pg_dump to fail. Those of
 * extensions are not dumped. No other right is needed, to replicate least of all.
 */
export async function unreadableRelations(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ relation: string }>(relationsQuery)
  return rows.map(({ relation }) => relation)
}

/** Of pg_class and pg_namespace everybody may read every row. */
const relationsQuery = `
  SELECT format('%I.%I', n.nspname, c.relname) AS relation
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relkind IN ('r', 'p', 'S')
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
    AND NOT (has_schema_privilege(n.oid, 'USAGE')
      AND CASE c.relkind
        WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
        ELSE has_table_privilege(c.oid, 'SELECT')
      END)
  ORDER BY 1`
