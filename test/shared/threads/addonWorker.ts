import Sqlite from 'better-sqlite3'
import { serve } from '../../../src/shared/threads/serve.ts'

/** A worker that loads a native module while it starts. */
const db = new Sqlite(':memory:')

serve(async () => await Promise.resolve(db.prepare('SELECT 1').pluck().get()))
