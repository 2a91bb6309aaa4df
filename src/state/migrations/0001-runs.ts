import type { Migration } from './migration.ts'

/**
 * Runs, and what they did. Times are milliseconds since 1970, sizes are bytes of plaintext. `result` says how a run ended
 * at a destination; as long as it has no row there, the run has not.
 */
export const runs: Migration = {
  version: 1,
  sql: `
    CREATE TABLE destination (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE run (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      program TEXT NOT NULL,
      machine TEXT NOT NULL,
      boot_id TEXT NOT NULL,
      pid INTEGER NOT NULL,
      interval_ms INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('RUNNING', 'COMPLETED', 'INTERRUPTED', 'FAILED')),
      started INTEGER NOT NULL,
      heartbeat INTEGER NOT NULL,
      ended INTEGER,
      exit_code INTEGER
    ) STRICT;
    CREATE INDEX run_by_state ON run (state);
    CREATE TABLE job (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
      destination INTEGER NOT NULL REFERENCES destination,
      source TEXT NOT NULL,
      priority INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETED', 'INTERRUPTED', 'FAILED')),
      files_total INTEGER NOT NULL DEFAULT 0,
      files_done INTEGER NOT NULL DEFAULT 0,
      bytes_total INTEGER NOT NULL DEFAULT 0,
      bytes_done INTEGER NOT NULL DEFAULT 0,
      speed INTEGER NOT NULL DEFAULT 0,
      started INTEGER,
      completed INTEGER,
      updated INTEGER NOT NULL,
      error TEXT,
      retries INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (run, destination, source)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE result (
      run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
      destination INTEGER NOT NULL REFERENCES destination,
      ended INTEGER NOT NULL,
      exit_code INTEGER NOT NULL,
      snapshot TEXT,
      error TEXT,
      PRIMARY KEY (run, destination)
    ) STRICT, WITHOUT ROWID;`,
}
