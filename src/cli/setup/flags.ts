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
    command.option(`--${flag} <${valueName(question)}>`, `${types.join(', ')}: ${question.ask}`)
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

function valueName({ kind, choices }: Question): string {
  if (kind === 'secret' || kind === 'file') return 'reference'
  if (kind === 'yesno') return 'yes|no'
  if (Array.isArray(choices) && choices.length < 5) return choices.map(({ value }) => value).join('|')
  return kind === 'choice' ? 'name' : kind
}
