import { connect, type DatabaseSession } from './session.ts'
import type { DatabaseSettings } from './settings.ts'

/** One consistent view of the database, which other connections (pg_dump's) can share while it is open. */
export interface DatabaseSnapshot extends AsyncDisposable {
  /** What `pg_dump --snapshot` takes. */
  readonly id: string
  /** Every query on it sees the same moment. */
  readonly session: DatabaseSession
  /** Ends the transaction. A dump whose first bytes have come by then keeps its own hold on the moment. */
  close(): Promise<void>
}

/**
 * Opens a read-only transaction and exports its snapshot. While it is open, the server can't clean up dead rows that
 * it may still see, so it should not outlive the dump.
 * @throws UserError when the database cannot be reached; the signal's reason.
 */
export async function openDatabaseSnapshot(
  settings: DatabaseSettings,
  signal: AbortSignal,
): Promise<DatabaseSnapshot> {
  const session = await connect(settings, signal)
  try {
    await session.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await session.query(liftLimits)
    const [row] = await session.query<{ id: string }>('SELECT pg_export_snapshot() AS id')
    if (row === undefined) throw new Error('pg_export_snapshot gave no row')
    const close = () => session.close()
    return { id: row.id, session, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * A server may be set up to end what idles or runs long; this transaction idles while pg_dump works. Only limits that
 * this server's version has are set, and only for this transaction. Locks, as a migration of Immich holds them, are
 * not waited for without end. A cursor of ours is always read to its end, which the planner should know.
 */
const liftLimits = `
  SELECT set_config(name,
    CASE name WHEN 'cursor_tuple_fraction' THEN '1' WHEN 'lock_timeout' THEN '60s' ELSE '0' END, true)
  FROM pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'statement_timeout', 'transaction_timeout',
    'lock_timeout', 'cursor_tuple_fraction')`
