import { readFileSync } from 'node:fs'
import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLParseError,
} from 'yaml'
import { errorCode, UserError } from '../shared/errors.ts'
import type { FieldPath, Problem } from './problem.ts'

const sizeLimit = 1024 * 1024
/** How often aliases may repeat what they name: more would let a small file become a huge configuration. */
const aliasLimit = 100

/** The content of a configuration file, with the place of everything in it. */
export interface ConfigDocument {
  /** How messages name the file; empty when there is none. */
  readonly name: string
  /** Plain data, to be validated. */
  readonly data: Record<string, unknown>
  /** What is written in a field; undefined when it is not there. */
  valueAt(path: FieldPath): unknown
  /** `file:line:column` of a field's value, or of the nearest thing around it that is there. */
  placeOf(path: FieldPath): string
  /** The same of the key that begins the field, for a field that should not be there. */
  placeOfKey(path: FieldPath): string
}

/** What there is without a configuration file. */
export const emptyDocument: ConfigDocument = {
  name: '',
  data: {},
  valueAt: () => undefined,
  placeOf: () => '',
  placeOfKey: () => '',
}

/**
 * Parses a configuration file.
 * @param label how messages name the file.
 * @returns the document, or what is wrong with its syntax. No message repeats the file's text, which may hold a secret
 *   in a wrong place.
 * @throws UserError when the file can't be read.
 */
export function readDocument(file: string, label: string): ConfigDocument | Problem[] {
  return documentOf(readText(file, label), label)
}

/** The same for the text of a file. */
export function documentOf(text: string, label: string): ConfigDocument | Problem[] {
  const lines = new LineCounter()
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${label}:${line}:${col}`
  }
  if (yaml.errors.length > 0) {
    return yaml.errors.map((error) => ({
      place: place(error.pos[0]),
      field: '',
      message: `no valid YAML: ${syntaxMessage(error)}`,
    }))
  }
  const data = toData(yaml)
  if (typeof data === 'string') return [{ place: place(0), field: '', message: data }]
  return {
    name: label,
    data,
    valueAt: (path) => path.reduce<unknown>(step, data),
    placeOf: (path) => place(offsetOf(yaml, path, 'value')),
    placeOfKey: (path) => place(offsetOf(yaml, path, 'key')),
  }
}

function step(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined
}

/** The parser's message, unless it would repeat what is written there. */
function syntaxMessage({ code, message }: YAMLParseError): string {
  return quotingMessages[code] ?? message.replace(/:.*/s, '')
}

const quotingMessages: Partial<Record<YAMLParseError['code'], string>> = {
  BAD_DIRECTIVE: 'a line with % that is no directive of YAML',
  BAD_DQ_ESCAPE: 'an escape with \\ that does not exist',
  TAG_RESOLVE_FAILED: 'a tag with ! that does not exist',
}

/** What to do where there is no configuration file. */
export const howToMakeOne =
  "Make one by questions with 'safelight setup', or by hand with 'safelight config init'."

function readText(file: string, label: string): string {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > sizeLimit) throw new UserError(`${label} is too large for a configuration file`)
    return bytes.toString('utf8')
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    if (code === 'ENOENT') {
      throw new UserError(`there is no configuration file ${label}`, { hint: howToMakeOne, cause: error })
    }
    throw new UserError(`the configuration file ${label} can't be read (${code})`, {
      hint: 'It has to be a file that this user may read.',
      cause: error,
    })
  }
}

/** The document as plain data, or why it can't be a configuration. */
function toData(yaml: Document): Record<string, unknown> | string {
  if (yaml.contents === null || (isScalar(yaml.contents) && yaml.contents.value === null)) return {}
  if (!isMap(yaml.contents)) return 'the file should hold `field: value` lines at its top'
  try {
    return yaml.toJS({ maxAliasCount: aliasLimit }) as Record<string, unknown>
  } catch (error) {
    if (error instanceof ReferenceError) return 'an alias names no anchor, or aliases repeat too much'
    throw error
  }
}

function offsetOf(yaml: Document, path: FieldPath, what: 'key' | 'value'): number {
  let node: unknown = yaml.contents
  let offset = 0
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(yaml)
    if (!isCollection(node)) break
    offset = startOf(node) ?? offset
    const last = depth === path.length - 1
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === step)
      : undefined
    const child: unknown = isPair(pair) ? (pair.value ?? pair.key) : node.get(step, true)
    if (child === undefined) break
    node = last && what === 'key' && isPair(pair) ? pair.key : child
    offset = startOf(node) ?? offset
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined
}
