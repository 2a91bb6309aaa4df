/* Where new secrets are kept. */
import { OnePassword } from '../../../config/onePasswordItems.ts'
import { type Keeper, fileKeeper, variableKeeper } from '../keepers/keeper.ts'
import { onePasswordKeeper } from '../keepers/onePassword.ts'
import type { Question } from '../question.ts'
import type { Session } from '../session.ts'

const question: Question = {
  field: 'secrets',
  flag: 'secrets',
  ask: 'Where shall secrets be kept?',
  help: 'The configuration only says where they are.',
  kind: 'choice',
  choices: [
    { value: 'files', label: 'in files beside the configuration', hint: 'that only you can read' },
    { value: '1password', label: 'in 1Password', hint: 'by its command-line tool, op' },
    { value: 'env', label: 'in environment variables', hint: 'that you set yourself' },
  ],
  standard: 'files',
}

/** The keeper that the person chooses, when something first needs one. @param name the destination's. */
export function keeperOnDemand(session: Session, name: string): () => Promise<Keeper> {
  let chosen: Promise<Keeper> | undefined
  return async () => await (chosen ??= chooseKeeper(session, name))
}

async function chooseKeeper(session: Session, name: string): Promise<Keeper> {
  const { asker, plan, folder, environment, context, undo } = session
  switch (await asker.answer(question)) {
    case '1password': {
      const op = new OnePassword(environment.all, context.signal)
      return await onePasswordKeeper({ plan, asker, op, name, undo })
    }
    case 'env':
      return variableKeeper(plan, (variable) => environment.get(variable))
    default:
      return fileKeeper(plan, folder)
  }
}
