/** One step from a version of the schema to the next. */
export interface Migration {
  /** The version that the file has afterwards, from 1 without gaps: SQLite's `user_version`. */
  version: number
  sql: string
}
