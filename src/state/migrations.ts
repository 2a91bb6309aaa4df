import type { Migration } from './migrate.ts'
import { runs } from './migrations/0001-runs.ts'

/** Every step that a state database has gone through, in order. A step that was released is never changed. */
export const migrations: readonly Migration[] = [runs]
