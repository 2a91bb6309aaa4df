import { randomUUID } from 'node:crypto'
import type { QueryResultRow } from 'pg'
import type { Queryable } from './session.ts'

/**
 * The rows of a query in batches, so that memory is bounded however many there are. It needs an open transaction; a
 * cursor that is not read to its end goes with that.
 */
export async function* readBatches<Row extends QueryResultRow>(
  db: Queryable,
  select: string,
  batchRows: number,
): AsyncGenerator<Row[], void, undefined> {
  const cursor = `safelight_${randomUUID().replaceAll('-', '')}`
  await db.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${select}`)
  for (;;) {
    const rows = await db.query<Row>(`FETCH FORWARD ${batchRows} FROM ${cursor}`)
    yield rows
    if (rows.length < batchRows) break
  }
  await db.query(`CLOSE ${cursor}`)
}
