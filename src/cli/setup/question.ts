/*
 * The questions of `safelight setup`, as data. Who asks them (a terminal, or nobody, with flags alone) is in asker.ts.
 */

/** Answers to questions by their fields, as they were typed. */
export type Answers = Readonly<Record<string, string>>

export interface Choice {
  value: string
  label: string
  hint?: string
}

export interface Question {
  /** The field of the destination that it fills: `bucket`, `credentials.accessKeyId`. */
  field: string
  /** Without its dashes. */
  flag: string
  /** As the person reads it: a few words that end in a question mark. */
  ask: string
  /** What an answer looks like, or where it is found: one line. */
  help: string
  /**
   * `path`: of this machine, and becomes absolute. `secret`: typed without an echo and kept where secrets are kept.
   * `file`: a secret that lies in a file already, whose path is typed. Flags for both take references to secrets, and
   * never a secret.
   */
  kind: 'text' | 'number' | 'yesno' | 'choice' | 'path' | 'secret' | 'file'
  choices?: readonly Choice[] | ((answers: Answers) => readonly Choice[])
  /** The answer that is offered, and that counts where nobody is asked. */
  standard?: string | ((answers: Answers) => string | undefined)
  /** An empty answer leaves the field out. */
  optional?: true
  /** It decides what else is asked, and is no field of the destination. */
  notAField?: true
  /** Nobody is asked; its flag sets it all the same. */
  byFlagOnly?: true
  /** Whether it makes sense after the answers so far. */
  when?: (answers: Answers) => boolean
  /** What is wrong with an answer, beyond what the configuration's own rules say. */
  problem?: (answer: string) => string | undefined
  /** The fields of a 1Password item that hold the answer, the usual one first. */
  labels?: readonly string[]
}

/** The choices of a question, in the light of the answers so far. */
export function choicesOf({ choices = [] }: Question, answers: Answers): readonly Choice[] {
  return typeof choices === 'function' ? choices(answers) : choices
}

/** The answer that a question offers by itself. */
export function standardOf({ standard }: Question, answers: Answers): string | undefined {
  return typeof standard === 'function' ? standard(answers) : standard
}

/** The answers as the fields of a destination: `credentials.accessKeyId` in a mapping of its own. */
export function fieldsOf(questions: readonly Question[], answers: Answers): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const question of questions) {
    const value = valueOf(question, answers[question.field] ?? '')
    if (value === undefined || question.notAField) continue
    const [outer = '', inner] = question.field.split('.')
    if (inner === undefined) fields[outer] = value
    else fields[outer] = { ...(fields[outer] as object | undefined), [inner]: value }
  }
  return fields
}

/** An answer as the configuration has it; undefined where there is none. */
export function valueOf({ kind }: Question, answer: string): string | number | boolean | undefined {
  if (answer === '') return undefined
  if (kind === 'number') return Number(answer)
  return kind === 'yesno' ? answer === 'yes' : answer
}
