import type * as z from 'zod'
import type { ConfigDocument } from './document.ts'
import { fieldName, type FieldPath, type Problem } from './problem.ts'
import { configSchema, fieldPatterns, type FileSettings } from './schema.ts'
import { nearest } from './suggest.ts'

type Issue = z.core.$ZodIssue

interface Validated {
  /** Those of the top-level fields with which nothing is wrong, and the others' defaults. */
  settings: FileSettings
  problems: Problem[]
  /** The top-level fields with which something is. */
  failed: ReadonlySet<PropertyKey | undefined>
}

/** Checks every field by itself. */
export function validate(document: ConfigDocument): Validated {
  const parsed = configSchema.safeParse(document.data)
  if (parsed.success) return { settings: parsed.data, problems: [], failed: new Set() }
  const issues = parsed.error.issues.flatMap((issue) => flatten(issue))
  const failed = new Set(issues.map((issue) => issue.path[0]))
  const good = Object.entries(document.data).filter(([key]) => !failed.has(key))
  return {
    settings: configSchema.parse(Object.fromEntries(good)),
    problems: issues.map((issue) => toProblem(issue, document)),
    failed,
  }
}

/** One issue for each thing that is wrong: a union's issues are those of the alternative that was meant. */
function flatten(issue: Issue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ ...issue, keys: [key], path: [...issue.path, key] }))
  }
  if (issue.code !== 'invalid_union' || issue.discriminator !== undefined) return [issue]
  const meant = issue.errors.find((alternative) => alternative.every((inner) => !isAboutWhole(inner)))
  return meant?.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue]
}

function isAboutWhole(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys'
}

function toProblem(issue: Issue, document: ConfigDocument): Problem {
  const unknown = issue.code === 'unrecognized_keys'
  return {
    place: unknown ? document.placeOfKey(issue.path) : document.placeOf(issue.path),
    field: fieldName(issue.path),
    message: messageOf(issue, document.valueAt(issue.path)),
  }
}

const typeNames: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of fields',
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'unrecognized_keys') return unknownField(issue.path)
  if (issue.code === 'invalid_type') return wrongType(typeNames[issue.expected] ?? issue.expected, value)
  if (issue.code === 'invalid_value') return oneOf(issue.values.map(String), value)
  if (issue.code === 'invalid_union') {
    return 'options' in issue && issue.options !== undefined
      ? oneOf(issue.options.map(String), value)
      : wrongType('false or a mapping of fields', value)
  }
  return issue.message
}

function wrongType(expected: string, value: unknown): string {
  if (value === undefined) return `is missing; it takes ${expected}`
  const quote = expected === 'a text' && typeof value !== 'object' ? '; put it in quotes' : ''
  return `takes ${expected}, and here is ${kindOf(value)}${quote}`
}

function oneOf(choices: readonly string[], value: unknown): string {
  const list = `one of ${choices.join(', ')}`
  if (value === undefined) return `is missing; it takes ${list}`
  const meant = typeof value === 'string' ? nearest(value, choices) : undefined
  return `takes ${list}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeNames[typeof value] ?? 'something else'
}

function unknownField(path: FieldPath): string {
  const own = patternOf(path)
  const around = own.slice(0, own.length - String(path.at(-1)).length)
  const patterns = fieldPatterns()
  if (patterns.includes(own)) return 'is no field of this type of destination'
  const siblings = patterns
    .filter((pattern) => pattern.startsWith(around))
    .map((pattern) => pattern.slice(around.length))
    .filter((rest) => /^\w+$/.test(rest))
  const meant = nearest(String(path.at(-1)), siblings)
  return `there is no such field${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function patternOf(path: FieldPath): string {
  return fieldName(path).replace(/\[\d+\]/g, '[]')
}
