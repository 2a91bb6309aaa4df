import { invalid } from './errors.ts'
import type { DriveFile } from './files.ts'

/** One condition of a search, by the terms and operators of Drive that are used here. */
export type Clause =
  | { term: 'parents'; id: string }
  | { term: 'name'; value: string }
  | { term: 'mimeType'; value: string; equal: boolean }
  | { term: 'trashed'; value: boolean }

const text = String.raw`'((?:[^'\\]|\\['\\])*)'`
const forms: [RegExp, (value: string, operator: string) => Clause][] = [
  [new RegExp(`^${text} in parents`), (id) => ({ term: 'parents', id })],
  [new RegExp(`^name = ${text}`), (value) => ({ term: 'name', value })],
  [
    new RegExp(`^mimeType (?<operator>=|!=) ${text}`),
    (value, operator) => ({ term: 'mimeType', value, equal: operator === '=' }),
  ],
  [/^trashed = (true|false)/, (value) => ({ term: 'trashed', value: value === 'true' })],
]

/** @throws DriveRefusal for anything that is not a chain of these clauses. */
export function parseQuery(query: string): Clause[] {
  const clauses: Clause[] = []
  let rest = query
  while (rest !== '') {
    if (clauses.length > 0) {
      if (!rest.startsWith(' and ')) throw invalid('Invalid Value')
      rest = rest.slice(' and '.length)
    }
    const [clause, length] = nextClause(rest)
    clauses.push(clause)
    rest = rest.slice(length)
  }
  return clauses
}

function nextClause(rest: string): [Clause, number] {
  for (const [form, clauseOf] of forms) {
    const match = form.exec(rest)
    if (!match) continue
    const operator = match.groups?.['operator'] ?? ''
    const value = match.slice(1).find((group) => group !== operator) ?? ''
    return [clauseOf(value.replaceAll(/\\(['\\])/g, '$1'), operator), match[0].length]
  }
  throw invalid('Invalid Value')
}

/** Whether a file is found. Drive's `=` on names does not tell capitals from small letters. */
export function matches(clause: Clause, file: DriveFile, isTrashed: () => boolean): boolean {
  switch (clause.term) {
    case 'parents':
      // Only files in that folder are looked at: `root` is its name, too.
      return true
    case 'name':
      return file.name.toLowerCase() === clause.value.toLowerCase()
    case 'mimeType':
      return (file.mimeType === clause.value) === clause.equal
    case 'trashed':
      return isTrashed() === clause.value
  }
}
