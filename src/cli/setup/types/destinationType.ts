import type * as z from 'zod'
import type { Destination } from '../../../config/config.ts'
import type { Answers, Question } from '../question.ts'

/** What the wizard finds out by itself, to offer it with a question. */
export interface Discovery {
  /** What the person reads before they answer. */
  note?: string
  /** What is offered at a terminal, where a person sees it first. Without a person it never counts. */
  offer?: string
}

/** A type of destination, as the wizard knows it. */
export interface DestinationType {
  type: Destination['type']
  title: string
  hint: string
  /** What the first destination of this type is called. */
  name: string
  /** What has to be there before the questions make sense: one or two sentences. */
  advice: string
  /** Validates each answer, and all of them. */
  schema: z.ZodObject
  questions: readonly Question[]
  /** The answers that are no fields, as the fields of a destination imply them. */
  impliedBy?: (fields: Readonly<Record<string, unknown>>) => Answers
  /** A secret that is made now, when the answers ask for one. */
  make?: (answers: Answers) => MadeSecret | undefined
  /** Looks something up before a question. It never fails: what can't be found is not offered. */
  discover?: Readonly<
    Record<string, (answers: Answers, surroundings: DiscoverySurroundings) => Promise<Discovery>>
  >
}

/** A secret that was made, whose public half has to be brought somewhere. */
export interface MadeSecret {
  field: string
  label: string
  value: string
  /** What the person has to do with its public half. */
  task: { title: string; text: string; ask: string }
}

export interface DiscoverySurroundings {
  cwd: string
  signal: AbortSignal
}
