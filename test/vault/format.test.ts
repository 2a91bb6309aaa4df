import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import Sqlite from 'better-sqlite3'
import * as z from 'zod'
import { createTables, tableNames } from '../../src/manifest/schema.ts'
import { recordSchema } from '../../src/vault/record.ts'
import { noteSchema } from '../../src/vault/uploadNotes.ts'
import { computeVectors, type VectorInputs } from './formatVectors.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/format.md'), 'utf8')

describe('docs/format.md says what the program does', () => {
  test('the test vectors', async () => {
    const vectors = JSON.parse(lastBlock('json')) as { inputs: VectorInputs; derived: Record<string, string> }
    expect(vectors.derived).toEqual(await computeVectors(vectors.inputs))
  })

  test('the tables of a manifest, to the letter and in order', () => {
    const db = new Sqlite(':memory:')
    createTables(db)
    const statements = db.prepare('SELECT sql FROM sqlite_schema ORDER BY rowid').pluck().all() as string[]
    expect(statements).toHaveLength(tableNames.length)
    expect(lastBlock('sql')).toBe(statements.map((sql) => `${sql};`).join('\n\n'))
  })

  test('every field of a snapshot record', () => {
    const fields = fieldsOf(z.toJSONSchema(recordSchema))
    expect(fields).toContain('plaintextSha256')
    const named = namesIn('Snapshot records')
    expect(fields.filter((field) => !named.has(field))).toEqual([])
  })

  test('every field of a note on an upload', () => {
    const fields = fieldsOf(z.toJSONSchema(noteSchema, { io: 'input' }))
    expect(fields).toContain('partSize')
    const named = namesIn('Notes on uploads')
    expect(fields.filter((field) => !named.has(field))).toEqual([])
  })
})

/** What a section of the page has in code font. */
function namesIn(section: string): Set<string> {
  const text = new RegExp(`## ${section}\\n(.*?)\\n## `, 's').exec(page)?.[1] ?? ''
  return new Set([...text.matchAll(/`[^`\n]+`/g)].flatMap(([code]) => code.match(/\w+/g) ?? []))
}

/** The names of all fields of a JSON schema, also of objects in it. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = 'properties' in schema && !Array.isArray(schema) ? Object.keys(schema.properties ?? {}) : []
  return [...own, ...Object.values(schema).flatMap(fieldsOf)]
}

/** The text of the page's last fenced block in a language. */
function lastBlock(language: string): string {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)\\n\`\`\`$`, 'gms'))]
  return blocks.at(-1)?.[1] ?? ''
}
