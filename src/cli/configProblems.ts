import { UserError } from '../shared/errors.ts'
import type { Context } from './context.ts'

/** What keeps these parts of the configuration from being used, for people; undefined when nothing does. */
export function configProblems(
  context: Context,
  ...[needs, draft]: Parameters<Context['loadConfig']>
): string | undefined {
  try {
    context.loadConfig(needs, draft)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}
