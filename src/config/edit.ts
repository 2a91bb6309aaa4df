import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, isSeq, parseDocument, stringify, type Document } from 'yaml'
import type { FieldPath } from './problem.ts'
import { withEntry, withoutEntry, withValue } from './splice.ts'
import { configTemplate } from './template.ts'

/** A field and its new value; undefined takes the field out. */
export interface Edit {
  path: FieldPath
  value: unknown
}

/** The text of a new configuration file to begin with: every field explained, no identity and no destination yet. */
export function newConfigText(): string {
  return configTemplate
    .replace(/^identity:/m, '#identity:')
    .replace(/^destinations:\n[^]*/m, 'destinations: []\n')
}

/**
 * A configuration file's text with other values in it. Comments, the order and all that is not edited stay as they are:
 * to the byte, unless the file is of an odd shape. A field that the file has as a comment (`#library: /data`) is turned
 * on where it stands.
 * @param text valid YAML.
 */
export function editConfigText(text: string, edits: readonly Edit[]): string {
  return edits.reduce(edited, text)
}

function edited(text: string, edit: Edit): string {
  const { path, value } = edit
  const before = value === undefined ? text : withFieldTurnedOn(text, String(path[0]))
  const expected = parseDocument(before)
  if (value === undefined) expected.deleteIn(path)
  else expected.setIn(path, expected.createNode(value))
  const spliced = splicedText(before, parseDocument(before), edit)
  if (spliced !== undefined && isDeepStrictEqual(valueOf(parseDocument(spliced)), valueOf(expected)))
    return spliced
  return expected.toString(style)
}

/** The library keeps comments and order, and writes everything in its own way. */
const style = { lineWidth: 0 } as const

function withFieldTurnedOn(text: string, field: string): string {
  const { contents } = parseDocument(text)
  if (isMap(contents) && contents.has(field)) return text
  return text.replace(new RegExp(`^#(?=${field}:)`, 'm'), '')
}

function splicedText(text: string, yaml: Document, { path, value }: Edit): string | undefined {
  const last = path.at(-1)
  const around: unknown = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true)
  const node: unknown = yaml.getIn(path, true)
  if (value === undefined) return isMap(around) ? withoutEntry(text, around, String(last)) : undefined
  if (isNode(node)) {
    // A list that was empty gets lines of its own.
    if (isSeq(node) && node.items.length === 0)
      return withValue(text, node, `\n  ${indented(block(value), '  ')}`)
    return withValue(text, node, flow(value))
  }
  if (isMap(around)) return withEntry(text, around, `${String(last)}: ${flow(value)}`)
  if (isSeq(around)) return withEntry(text, around, around.flow ? flow(value) : block(value))
  return undefined
}

function block(value: unknown): string {
  return stringify(value, style).trimEnd()
}

function flow(value: unknown): string {
  return stringify(value, { ...style, collectionStyle: 'flow' }).trimEnd()
}

function indented(lines: string, by: string): string {
  return lines.replaceAll('\n', `\n${by}`)
}

/** Undefined where the text is no valid YAML any more. */
function valueOf(yaml: Document.Parsed | Document): unknown {
  return yaml.errors.length > 0 ? undefined : yaml.toJS()
}
