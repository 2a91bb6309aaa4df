import { UserError } from '../shared/errors.ts'
import type { Config, Destination } from './config.ts'

/**
 * The destination that a command means.
 * @param name what the person wrote; where they wrote nothing, the only one there is.
 * @throws UserError when there is none of that name, or a name is needed.
 */
export function findDestination(config: Config, name: string | undefined): Destination {
  const names = config.destinations.map((destination) => destination.name).join(', ')
  const [first, second] = config.destinations
  if (!first) {
    throw new UserError('no destination is configured', {
      hint: "Add one with 'safelight setup', or under `destinations` in the configuration.",
    })
  }
  if (name === undefined) {
    if (!second) return first
    throw new UserError('there are several destinations, and the command takes one', {
      hint: `Name one of: ${names}`,
    })
  }
  const found = config.destinations.find((destination) => destination.name === name)
  if (!found) throw new UserError(`there is no destination ${name}`, { hint: `There is: ${names}` })
  return found
}
