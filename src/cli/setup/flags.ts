import type { Command } from 'commander'
import type { Flags } from './asker.ts'
import type { Question } from './question.ts'
import { destinationTypes } from './types/types.ts'

/** Gives the command a flag for every question of every type of destination. */
export function addDestinationFlags(command: Command): void {
  const flags = new Map<string, { question: Question; types: string[] }>()
  for (const { type, questions } of destinationTypes) {
    for (const question of questions) {
      const known = flags.get(question.flag)
      if (known) known.types.push(type)
      else flags.set(question.flag, { question, types: [type] })
    }
  }
  for (const [flag, { question, types }] of flags) {
    command.option(
      `--${flag} <${valueName(question)}>`,
      `${types.join(', ')}: ${question.ask}${few(question)}`,
    )
  }
}

/** What was given on the command line, by the names of the flags. */
export function flagsOf(command: Command): Flags {
  return Object.fromEntries(
    command.options.map((option) => [
      option.name(),
      command.getOptionValue(option.attributeName()) as string | boolean | undefined,
    ]),
  )
}

const mostShown = 4

function valueName({ kind }: Question): string {
  if (kind === 'secret' || kind === 'file') return 'reference'
  return kind === 'choice' ? 'name' : kind === 'yesno' ? 'yes|no' : kind
}

/** The choices of a question, where they are few. */
function few({ choices }: Question): string {
  if (!Array.isArray(choices) || choices.length > mostShown) return ''
  return ` ${choices.map(({ value }) => value).join(', ')}`
}
