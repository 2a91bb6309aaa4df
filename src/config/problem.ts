import { UserError } from '../shared/errors.ts'

/** The steps from the top of the file to a field: `['destinations', 1, 'bucket']`. */
export type FieldPath = readonly PropertyKey[]

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** `file:line:column`, or the environment variable that the value came from. */
  place: string
  /** The field as people write it, or nothing when it is about the whole file. */
  field: string
  message: string
}

/** `destinations[1].bucket` */
export function fieldName(path: FieldPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}

/** One error that tells all problems, in the order of the file. */
export function problemsError(problems: readonly Problem[], hint?: string): UserError {
  const inOrder = problems.toSorted((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true }))
  const lines = inOrder.map(({ place, field, message }) =>
    [place, field, message].filter((part) => part !== '').join(': '),
  )
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`
  return new UserError(
    [`the configuration has ${count}`, ...lines.map((line) => `  ${line}`)].join('\n'),
    hint === undefined ? {} : { hint },
  )
}
