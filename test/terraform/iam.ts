/*
 * Whether policies of Amazon's allow a request, as far as the policies here need it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */

export interface Statement {
  Sid: string
  Effect: 'Allow' | 'Deny'
  Principal?: '*'
  Action: string[]
  Resource: string[]
  /** Operator, key, values. */
  Condition: Record<string, Record<string, string[]>>
}

export interface Request {
  action: string
  resource: string
  /** Keys that conditions ask about. One that is missing is not in the request. */
  context: Readonly<Record<string, string>>
}

/** A denial wins over whatever is allowed, and what nobody allows is denied. */
export function isAllowed(statements: readonly Statement[], request: Request): boolean {
  const effects = statements.filter((one) => applies(one, request)).map(({ Effect }) => Effect)
  return effects.includes('Allow') && !effects.includes('Deny')
}

function applies(
  { Action, Resource, Condition }: Statement,
  { action, resource, context }: Request,
): boolean {
  const isMet = ([operator, keys]: [string, Record<string, string[]>]): boolean =>
    Object.entries(keys).every(([key, values]) => holds(operator, context[key], values))
  return (
    Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    Resource.some((pattern) => matches(pattern, resource)) &&
    Object.entries(Condition).every(isMet)
  )
}

function holds(operator: string, actual: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case 'Null':
      return values.includes(String(actual === undefined))
    case 'Bool':
    case 'StringEquals':
      return actual !== undefined && values.includes(actual)
    default:
      throw new Error(`a condition of an unknown kind: ${operator}`)
  }
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const parts = Array.from(pattern, (character) => wildcards[character] ?? RegExp.escape(character))
  return new RegExp(`^${parts.join('')}$`, 's').test(text)
}

const wildcards: Readonly<Record<string, string>> = { '*': '.*', '?': '.' }
