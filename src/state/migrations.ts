import { runs } from './migrations/0001-runs.ts'
import type { Migration } from './migrations/migration.ts'

/** Every step that a state database has gone through, in order. A step that was released is never changed. */
export const migrations: readonly Migration[] = [runs]
