import { readFile, realpath } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, parseDocument, type Document } from 'yaml'
import { errorCode, UserError } from '../shared/errors.ts'
import { replaceFile } from '../shared/files.ts'
import type { FieldPath } from './problem.ts'
import { withEntry } from './splice.ts'

/** Id and fingerprint of a vault, 32 hexadecimal digits each. */
export interface VaultPin {
  id: string
  fingerprint: string
}

/**
 * Writes a destination's vault into the configuration file: at the top where there is one destination, else with that
 * destination. Everything else in the file stays as it is to the byte. Writing the pin that is there already does
 * nothing.
 * @throws UserError when another vault is pinned, or the file can't be edited; the hint then has the lines to add.
 */
export async function pinVault(file: string, destination: string, pin: VaultPin): Promise<void> {
  const path = await realpath(file)
  const text = await readFile(path, 'utf8')
  const yaml = parseDocument(text)
  const index = destinationNames(yaml).indexOf(destination)
  if (index < 0) throw new UserError(`${file} has no destination ${destination}`)
  const pinned = pinOf(yaml, index)
  if (isDeepStrictEqual(pinned, pin)) return
  if (pinned !== undefined) {
    throw new UserError(`${file} pins another vault for destination ${destination}`, {
      hint: 'To give the destination a new vault, first remove its `vault` field by hand.',
    })
  }
  const alone = destinationNames(yaml).length === 1
  const edited = withPin(text, yaml, alone ? [] : ['destinations', index], pin)
  if (edited === undefined) throw editByHand(file, destination, pin)
  try {
    await replaceFile(path, edited)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    throw editByHand(file, destination, pin, error)
  }
}

function destinationNames(yaml: Document): unknown[] {
  const destinations: unknown = plain(yaml, ['destinations'])
  return Array.isArray(destinations) ? destinations.map((entry: { name?: unknown }) => entry.name) : []
}

function pinOf(yaml: Document, index: number): unknown {
  return plain(yaml, ['destinations', index, 'vault']) ?? (index === 0 ? plain(yaml, ['vault']) : undefined)
}

function plain(yaml: Document, path: FieldPath): unknown {
  const node: unknown = yaml.getIn(path, true)
  return isNode(node) ? node.toJS(yaml) : undefined
}

/** The text with the pin as the last field of the mapping at `path`, or undefined where that can't be done safely. */
function withPin(text: string, yaml: Document, path: FieldPath, pin: VaultPin): string | undefined {
  const map: unknown = yaml.getIn(path, true)
  if (!isMap(map)) return undefined
  const expected = yaml.clone()
  expected.setIn([...path, 'vault'], pin)
  const edited = withEntry(text, map, `vault: { id: ${pin.id}, fingerprint: ${pin.fingerprint} }`)
  if (edited === undefined) return undefined
  return isDeepStrictEqual(parseDocument(edited).toJS(), expected.toJS()) ? edited : undefined
}

function editByHand(file: string, destination: string, pin: VaultPin, cause?: unknown): UserError {
  const why = errorCode(cause)
  return new UserError(`the vault can't be written into ${file}${why === undefined ? '' : ` (${why})`}`, {
    hint: `Add this by hand to destination ${destination}:\n  vault: { id: ${pin.id}, fingerprint: ${pin.fingerprint} }`,
    cause,
  })
}
