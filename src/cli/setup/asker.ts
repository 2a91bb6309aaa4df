/*
 * Who answers the wizard's questions: a flag where there is one, else the person at the terminal, else, with --yes, what
 * the question offers by itself.
 */
import { UserError } from '../../shared/errors.ts'
import { type Answers, type Choice, choicesOf, type Question, standardOf } from './question.ts'

/** A conversation with a person. Every method throws an AbortError when the person gives up. */
export interface Dialogue {
  text(question: TypedQuestion): Promise<string>
  /** The same without an echo. */
  secret(question: TypedQuestion): Promise<string>
  choose(question: { ask: string; help: string; choices: readonly Choice[]; offer: string }): Promise<string>
  confirm(question: { ask: string; offer: boolean }): Promise<boolean>
  /** Something to read. */
  tell(text: string, title?: string): void
  warn(text: string): void
  /** Something to copy: on lines of its own, unbroken. */
  show(text: string): void
  /** Shows that something takes its time. */
  working<T>(what: string, job: () => Promise<T>): Promise<T>
}

/** The part of a conversation that needs no answer. */
export type Voice = Pick<Dialogue, 'tell' | 'warn' | 'show' | 'working'>

export interface TypedQuestion {
  ask: string
  help: string
  /** What stands there already, to be changed. */
  offer: string
  /** What is wrong with an answer. */
  problem: (answer: string) => string | undefined
}

export interface AskOptions {
  /** The answers so far. */
  answers?: Answers
  /** What the configuration says already; it counts where nobody is asked. */
  current?: string | undefined
  /** What is offered to a person, and counts only when they take it. */
  offer?: string | undefined
  /** What is wrong with an answer, to be read after the question or the flag. */
  problem?: (answer: string) => string | undefined
}

/** The flags of the command line, by their names without dashes; `true` for one that takes no value. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

export class Asker {
  /** Undefined: nobody is asked. */
  readonly #person: Dialogue | undefined
  readonly #voice: Voice
  readonly #flags: Flags
  readonly #absolute: (path: string) => string

  /**
   * @param options.voice tells things where there is nobody to talk to.
   * @param options.absolute makes a path absolute.
   */
  constructor(
    person: Dialogue | undefined,
    options: { voice: Voice; flags: Flags; absolute: (path: string) => string },
  ) {
    this.#person = person
    this.#voice = person ?? options.voice
    this.#flags = options.flags
    this.#absolute = options.absolute
  }

  /** Whether a person is asked. */
  get attended(): boolean {
    return this.#person !== undefined
  }

  /** What a flag says. */
  flag(name: string): string | undefined {
    const value = this.#flags[name]
    return typeof value === 'string' ? value : undefined
  }

  /**
   * The answer to a question; empty where it is optional and there is none.
   * @throws UserError naming the flag, when what it says can't be, or when there is nobody to ask for what is needed.
   */
  async answer(question: Question, options: AskOptions = {}): Promise<string> {
    const answer = await this.#answer(question, this.#onAbsolute(question, options))
    return question.kind === 'path' && answer !== '' ? this.#absolute(answer) : answer
  }

  /** Paths are looked at as they will be. */
  #onAbsolute({ kind }: Question, options: AskOptions): AskOptions {
    const { problem } = options
    if (kind !== 'path' || !problem) return options
    return { ...options, problem: (answer) => problem(this.#absolute(answer)) }
  }

  async #answer(question: Question, options: AskOptions): Promise<string> {
    const given = this.flag(question.flag)
    if (given !== undefined) return accepted(question, given, options)
    const { answers = {}, current, offer } = options
    const standard = current ?? standardOf(question, answers)
    if (this.#person && !question.byFlagOnly) {
      return await this.#ask(this.#person, question, offer ?? standard ?? '', options)
    }
    if (standard !== undefined) return standard
    if (question.optional || question.byFlagOnly) return ''
    throw missing(question.flag, question.ask, question.help)
  }

  /**
   * Whether a person agrees.
   * @param flag says yes; without a person, it is needed.
   */
  async agrees(flag: string, ask: string, hint: string): Promise<boolean> {
    if (this.#flags[flag] === true) return true
    if (!this.#person) throw missing(flag, ask, hint)
    return await this.#person.confirm({ ask, offer: false })
  }

  /** Whether a person agrees to what would be done anyway, were nobody here. */
  async goesOn(ask: string): Promise<boolean> {
    return this.#person === undefined || (await this.#person.confirm({ ask, offer: true }))
  }

  tell(text: string, title?: string): void {
    this.#voice.tell(text, title)
  }

  warn(text: string): void {
    this.#voice.warn(text)
  }

  show(text: string): void {
    this.#voice.show(text)
  }

  async working<T>(what: string, job: () => Promise<T>): Promise<T> {
    return await this.#voice.working(what, job)
  }

  async #ask(person: Dialogue, question: Question, offer: string, options: AskOptions): Promise<string> {
    const { ask, help } = question
    const problem = (answer: string) => problemOf(question, answer, options)
    switch (question.kind) {
      case 'choice':
        return await person.choose({ ask, help, choices: choicesOf(question, options.answers ?? {}), offer })
      case 'yesno':
        return (await person.confirm({ ask, offer: offer === 'yes' })) ? 'yes' : 'no'
      case 'secret':
        return await person.secret({ ask, help, offer: '', problem })
      case 'text':
      case 'number':
      case 'path':
      case 'file':
        return (await person.text({ ask, help, offer, problem })).trim()
    }
  }
}

function accepted(question: Question, answer: string, options: AskOptions): string {
  const problem = problemOf(question, answer, options)
  if (problem === undefined) return answer
  throw new UserError(`--${question.flag} ${problem}`, { hint: question.help })
}

function problemOf(
  question: Question,
  answer: string,
  { answers = {}, problem }: AskOptions,
): string | undefined {
  const { kind, optional } = question
  if (answer === '') return optional ? undefined : 'needs an answer'
  const choices = kind === 'choice' ? choicesOf(question, answers).map(({ value }) => value) : ['yes', 'no']
  if ((kind === 'choice' || kind === 'yesno') && !choices.includes(answer)) {
    return `is one of ${choices.join(', ')}`
  }
  if (kind === 'number' && !/^\d+$/.test(answer)) return 'is a number'
  return problem?.(answer)
}

function missing(flag: string, ask: string, help: string): UserError {
  return new UserError(`--${flag} is needed: ${ask}`, { hint: help })
}
