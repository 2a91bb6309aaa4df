/* What a destination is, by the questions of its type. */
import * as z from 'zod'
import { type Edit, editConfigText } from '../../../config/edit.ts'
import { isReference } from '../../../config/secret.ts'
import { UserError } from '../../../shared/errors.ts'
import type { Asker } from '../asker.ts'
import type { Keeper } from '../keepers/keeper.ts'
import { type Answers, fieldsOf, type Question, valueOf } from '../question.ts'
import { absolutePath, reference, type Session } from '../session.ts'
import type { DestinationType } from '../types/destinationType.ts'
import { destinationTypes } from '../types/types.ts'

type Fields = Readonly<Record<string, unknown>>

/** What the configuration says of its destinations. */
export function writtenDestinations({ data }: Session): readonly Fields[] {
  const { destinations } = data
  return Array.isArray(destinations) ? (destinations as Fields[]) : []
}

/** Asks a destination's questions, and plans what the configuration will say of it. */
export async function askDestination(
  session: Session,
  type: DestinationType,
  name: string,
  keeper: () => Promise<Keeper>,
): Promise<void> {
  const written = writtenDestinations(session)
  const index = written.findIndex((each) => each['name'] === name)
  const before = written[index] ?? {}
  const own = new Set(type.questions.map(({ flag }) => flag))
  for (const { flag } of destinationTypes.flatMap(({ questions }) => questions)) {
    if (!own.has(flag)) refuse(session.asker, flag, `is for other types of destination than ${type.type}`)
  }
  for (;;) {
    const answers = await new Interview(session, type, { name, before, keeper }).answers()
    const fields = fieldsOf(type.questions, answers)
    const edits =
      index < 0
        ? [added(written, { name, type: type.type, ...fields })]
        : changes(type, ['destinations', index], before, fields)
    const problem = whyNot(session, edits)
    if (problem === undefined) {
      session.plan.edits.push(...edits)
      return
    }
    if (!session.asker.attended) throw problem
    session.asker.warn(problem.message)
  }
}

/** A flag that nothing would come of is a mistake. */
function refuse(asker: Asker, flag: string, why: string): void {
  if (asker.flag(flag) !== undefined) throw new UserError(`--${flag} ${why}`)
}

/** What is wrong with the answers together. */
function whyNot({ context, text, plan }: Session, edits: readonly Edit[]): UserError | undefined {
  try {
    const draft = { text: editConfigText(text, [...plan.edits, ...edits]), secrets: plan.secrets }
    context.loadConfig([], draft)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** In a list of its own where there was none, so that it is written line by line. */
function added(written: readonly Fields[], destination: Fields): Edit {
  return written.length === 0
    ? { path: ['destinations'], value: [destination] }
    : { path: ['destinations', written.length], value: destination }
}

/** The fields that differ. What no question is about stays as it is. */
function changes(
  { questions }: DestinationType,
  path: (string | number)[],
  before: Fields,
  after: Fields,
): Edit[] {
  const asked = new Set(
    questions.filter((each) => !each.notAField).map(({ field }) => field.split('.')[0] ?? ''),
  )
  return [...asked]
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ path: [...path, field], value: after[field] }))
}

interface Subject {
  name: string
  /** What the configuration says of it already. */
  before: Fields
  keeper: () => Promise<Keeper>
}

/** The questions of one type of destination, one after the other. */
class Interview {
  readonly #session: Session
  readonly #type: DestinationType
  readonly #subject: Subject
  readonly #answers: Record<string, string> = {}
  #prepared = false

  constructor(session: Session, type: DestinationType, subject: Subject) {
    this.#session = session
    this.#type = type
    this.#subject = subject
  }

  async answers(): Promise<Answers> {
    const { asker } = this.#session
    const { name, keeper } = this.#subject
    for (const question of this.#type.questions) {
      if (question.when?.(this.#answers) === false) {
        refuse(asker, question.flag, 'has no meaning together with the other answers')
        continue
      }
      this.#answers[question.field] = await this.#answer(question)
    }
    const made = this.#type.make?.(this.#answers)
    if (!made) return this.#answers
    this.#answers[made.field] = await (await keeper()).keep(name, made.label, made.value)
    const { title, text, ask } = made.task
    do {
      asker.tell(title)
      asker.show(text)
    } while (!(await asker.goesOn(ask)))
    return this.#answers
  }

  async #answer(question: Question): Promise<string> {
    const kept = await this.#keptAnswer(question)
    if (kept !== undefined) return kept
    const { asker } = this.#session
    const current = this.#currentAnswer(question)
    const isSecret = question.kind === 'secret' || question.kind === 'file'
    const asked = isSecret && current !== undefined ? staying(question, current) : question
    const { note, offer } = await this.#discovered(question)
    if (note !== undefined) asker.tell(note)
    const answer = await asker.answer(asked, {
      answers: this.#answers,
      // A secret's reference is no answer to show.
      current: isSecret && asker.attended ? undefined : current,
      offer,
      problem: (text) => this.#problem(question, text),
    })
    if (!isSecret || answer === current) return answer
    return answer === '' ? (current ?? '') : await this.#kept(question, answer)
  }

  /** What is kept somewhere already need not be asked for. */
  async #keptAnswer(question: Question): Promise<string | undefined> {
    const { asker } = this.#session
    const { name, keeper } = this.#subject
    const { labels, flag, kind } = question
    if (!labels || asker.flag(flag) !== undefined || this.#currentAnswer(question) !== undefined)
      return undefined
    const chosen = await keeper()
    if (!this.#prepared) {
      this.#prepared = true
      await chosen.prepare?.(this.#fieldsToPrepare())
    }
    const found = chosen.find(name, labels)
    if (!found) return undefined
    if (kind === 'secret' || kind === 'file') return found.reference
    const problem = this.#problem(question, found.value)
    if (problem === undefined) return found.value
    asker.warn(`${labels[0]} ${chosen.where} ${problem}.`)
    return undefined
  }

  /** Those that a person fills in: the ones still to be asked for. What lies in a file is better left there. */
  #fieldsToPrepare(): { label: string; concealed: boolean }[] {
    const { asker } = this.#session
    return this.#type.questions
      .filter(({ kind, optional }) => kind !== 'file' && !optional)
      .filter(({ when }) => when?.(this.#answers) !== false)
      .filter((each) => asker.flag(each.flag) === undefined && this.#currentAnswer(each) === undefined)
      .flatMap(({ labels: [label] = [], kind }) => (label ? [{ label, concealed: kind !== 'text' }] : []))
  }

  async #kept(question: Question, answer: string): Promise<string> {
    const { context } = this.#session
    if (isReference(answer) || this.#session.asker.flag(question.flag) !== undefined) {
      return reference(this.#session, question.flag, answer)
    }
    if (question.kind === 'file') return `file:${absolutePath(answer, context)}`
    const keeper = await this.#subject.keeper()
    return await keeper.keep(this.#subject.name, question.labels?.[0] ?? question.flag, answer)
  }

  #currentAnswer({ field, kind }: Question): string | undefined {
    const { before } = this.#subject
    const value = field
      .split('.')
      .reduce<unknown>((inner, step) => (inner as Fields | undefined)?.[step], before)
    if (value === undefined) return this.#type.impliedBy?.(before)[field]
    if (kind === 'yesno') return value === true ? 'yes' : 'no'
    // Of a list, as of several host keys, the first.
    const first: unknown = Array.isArray(value) ? value[0] : value
    return typeof first === 'number' ? `${first}` : (first as string)
  }

  async #discovered({ field, flag }: Question) {
    const { asker, context } = this.#session
    const find = this.#type.discover?.[field]
    if (!find || !asker.attended || asker.flag(flag) !== undefined) return {}
    return await find(this.#answers, { cwd: context.cwd, signal: context.signal })
  }

  /** A secret may be anything; what the schema has of it is its reference. */
  #problem(question: Question, answer: string): string | undefined {
    if (question.notAField || question.kind === 'secret' || question.kind === 'file') return undefined
    const field: unknown = this.#type.schema.shape[question.field]
    if (!(field instanceof z.ZodType)) return undefined
    const { error } = field.safeParse(valueOf(question, answer))
    return error?.issues[0]?.message ?? question.problem?.(answer)
  }
}

function staying(question: Question, current: string): Question {
  return { ...question, optional: true, help: `Nothing: it stays where it is, ${current}.` }
}
