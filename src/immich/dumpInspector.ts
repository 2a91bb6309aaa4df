const newline = 0x0a
const backslash = 0x5c
const dot = 0x2e
const maxLineBytes = 64 * 1024

/** What a complete dump holds. */
export interface DumpContents {
  /** Rows of each table, by its name as SQL: `public."user"`. */
  rows: ReadonlyMap<string, number>
  /** Length of the SQL in bytes. */
  sqlBytes: number
}

/** A dump that is cut short, or is none, or lacks rows. */
export class IncompleteDumpError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'IncompleteDumpError'
  }
}

/**
 * Watches a plain SQL dump of pg_dump go by, and knows at its end whether it was whole and how many rows it has of
 * each table.
 */
export class DumpInspector {
  /** Major version of the pg_dump that wrote it; known once the first lines have gone by. */
  pgDumpMajor: number | undefined
  readonly #rows = new Map<string, number>()
  #sqlBytes = 0
  #isDump = false
  #atEnd = false
  /** The table whose rows are going by. */
  #table: string | undefined
  #tableRows = 0
  /** The beginning of a line whose end has not arrived. */
  #partial: Buffer = Buffer.alloc(0)

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#sqlBytes += bytes.length
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#endLine(bytes.subarray(start, end))
      start = end + 1
    }
    if (start < bytes.length) this.#partial = this.#joined(bytes.subarray(start))
  }

  /** @throws IncompleteDumpError unless everything from the first line to the last has gone by. */
  finish(): DumpContents {
    if (!this.#isDump) throw new IncompleteDumpError('this is not a plain SQL dump of pg_dump')
    if (this.#table !== undefined) {
      throw new IncompleteDumpError(`the dump ends in the middle of the table ${this.#table}`)
    }
    if (!this.#atEnd || this.#partial.length > 0) {
      throw new IncompleteDumpError('the dump is cut short: its last lines are missing')
    }
    return { rows: this.#rows, sqlBytes: this.#sqlBytes }
  }

  #endLine(rest: Buffer): void {
    const line = this.#partial.length === 0 ? rest : this.#joined(rest)
    if (this.#partial.length > 0) this.#partial = Buffer.alloc(0)
    if (this.#table === undefined) this.#statementLine(line.toString('utf8'))
    else if (line.length === 2 && line[0] === backslash && line[1] === dot) this.#endTable(this.#table)
    else this.#tableRows += 1
  }

  #statementLine(line: string): void {
    if (line === '-- PostgreSQL database dump') this.#isDump = true
    // What may follow the closing line: comment marks, and the `\unrestrict` of pg_dump since August 2025.
    else if (line === '-- PostgreSQL database dump complete') this.#atEnd = true
    else if (!/^(?:--)?$|^\\unrestrict \w+$/.test(line)) this.#atEnd = false
    this.pgDumpMajor ??= majorIn(/^-- Dumped by pg_dump version (\d+)/.exec(line))
    this.#table = /^COPY (.+?) \(.*\) FROM stdin;$/.exec(line)?.[1]
  }

  #endTable(table: string): void {
    this.#rows.set(table, this.#tableRows)
    this.#tableRows = 0
    this.#table = undefined
  }

  /** Only the beginning of a very long line is kept: no line that means something is as long. */
  #joined(more: Buffer): Buffer {
    const room = Math.max(0, maxLineBytes - this.#partial.length)
    return Buffer.concat([this.#partial, more.subarray(0, room)])
  }
}

function majorIn(match: RegExpExecArray | null): number | undefined {
  return match?.[1] === undefined ? undefined : Number(match[1])
}

/**
 * Holds a dump against what the database counted at the same moment.
 * @throws IncompleteDumpError naming the first table that has another number of rows.
 */
export function checkRows(contents: DumpContents, expected: ReadonlyMap<string, number>): void {
  for (const [table, count] of expected) {
    const dumped = contents.rows.get(table) ?? 0
    if (dumped !== count) {
      throw new IncompleteDumpError(`the dump has ${dumped} rows of ${table}, the database ${count}`)
    }
  }
}
