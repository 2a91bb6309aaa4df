/* Which destination is set up. */
import { name as nameSchema } from '../../../config/fields.ts'
import { UserError } from '../../../shared/errors.ts'
import type { Question } from '../question.ts'
import type { Session } from '../session.ts'
import type { DestinationType } from '../types/destinationType.ts'
import { destinationTypes, findType } from '../types/types.ts'
import { writtenDestinations } from './destination.ts'

const typeQuestion: Question = {
  field: 'type',
  flag: 'type',
  ask: 'Where shall the backups be kept?',
  help: '',
  kind: 'choice',
  choices: destinationTypes.map(({ type, title, hint }) => ({ value: type, label: title, hint })),
}

const nameQuestion: Question = {
  field: 'name',
  flag: 'name',
  ask: 'What shall this destination be called?',
  help: 'Commands take it as --to and --from. The name of one that is there already edits that one.',
  kind: 'text',
}

/**
 * The destination that is meant: one that is there already, to be edited, or a new one.
 * @param typeName what the command line says.
 */
export async function askWhich(
  session: Session,
  typeName: string | undefined,
): Promise<{ type: DestinationType; name: string }> {
  const { asker } = session
  const typeOf = (name: string | undefined) =>
    writtenDestinations(session).find((each) => each['name'] === name)?.['type']
  const named = typeOf(asker.flag('name'))
  const type = findType(typeName ?? (typeof named === 'string' ? named : await askType(asker)))
  asker.tell(type.advice)
  const name = await asker.answer(nameQuestion, {
    current: likelyName(session, type),
    problem: (text) =>
      nameSchema.safeParse(text).success
        ? undefined
        : 'has 1 to 64 lower-case letters, digits and hyphens, nothing else',
  })
  const there = typeOf(name)
  if (there !== undefined && there !== type.type) {
    throw new UserError(`the destination ${name} is of another type than ${type.type}`, {
      hint: 'Give the new one another name with --name.',
    })
  }
  return { type, name }
}

async function askType(asker: Session['asker']): Promise<string> {
  if (asker.attended) return await asker.answer(typeQuestion)
  throw new UserError('the type of the destination is needed, as in: safelight setup local', {
    hint: `It is one of ${destinationTypes.map(({ type }) => type).join(', ')}.`,
  })
}

/** The only one of its type, to be edited; else `disk`, or `disk2` where that is taken. */
function likelyName(session: Session, { type, name: usual }: DestinationType): string {
  const written = writtenDestinations(session)
  const [only, other] = written.filter((each) => each['type'] === type)
  if (only && !other) return String(only['name'])
  const taken = written.map((each) => each['name'])
  let name = usual
  for (let n = 2; taken.includes(name); n++) name = `${usual}${n}`
  return name
}
