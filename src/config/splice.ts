/*
 * Changes to the text of a YAML file that leave every other byte as it is. Each gives undefined where the text is of a
 * shape that it does not understand; whoever calls compares what comes out with what should.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/**
 * The text with one more entry at the end of a collection.
 * @param entry its lines: `key: value` of a mapping; of a list the value alone.
 */
export function withEntry(text: string, collection: YAMLMap | YAMLSeq, entry: string): string | undefined {
  const first = startOf(collection.items[0])
  const end = endOf(collection.items.at(-1))
  if (first === undefined || end === undefined) return undefined
  if (collection.flow) return `${text.slice(0, end)}, ${entry}${text.slice(end)}`
  // An item of a list begins behind its dash.
  const start = isMap(collection) ? first : text.lastIndexOf('-', first)
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1))
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = entry.split('\n').map((line, i) => indent + marked(collection, line, i))
  const cut = text.slice(0, end).endsWith('\n') ? end : lineEnd(text, end)
  const before = text.slice(0, cut)
  const whole = before.endsWith('\n') ? lines.join(newline) + newline : newline + lines.join(newline)
  return before + whole + text.slice(cut)
}

/** The text with another value in the place of a node. */
export function withValue(text: string, node: Node, value: string): string | undefined {
  // What an anchor names stands in several places.
  if (isAlias(node) || !node.range || (isScalar(node) && node.anchor) || (isCollection(node) && node.anchor))
    return undefined
  const before = text.slice(0, node.range[0])
  // What goes on in the next line leaves no blank behind the key.
  return (value.startsWith('\n') ? before.trimEnd() : before) + value + text.slice(node.range[1])
}

/** The text without an entry of a mapping that has lines of its own. */
export function withoutEntry(text: string, map: YAMLMap, key: string): string | undefined {
  const pair = map.items.find((each) => isScalar(each.key) && each.key.value === key)
  const start = startOf(pair)
  const end = endOf(pair)
  if (map.flow || start === undefined || end === undefined) return undefined
  const from = text.lastIndexOf('\n', start - 1) + 1
  if (text.slice(from, start).trim() !== '') return undefined
  const to = text.slice(0, end).endsWith('\n') ? end : lineEnd(text, end) + 1
  return text.slice(0, from) + text.slice(to)
}

function marked(collection: YAMLMap | YAMLSeq, line: string, index: number): string {
  if (isMap(collection)) return line
  return `${index === 0 ? '- ' : '  '}${line}`
}

function startOf(item: unknown): number | undefined {
  const node = isPair(item) ? item.key : item
  return isNode(node) ? node.range?.[0] : undefined
}

function endOf(item: unknown): number | undefined {
  const node = isPair(item) ? (item.value ?? item.key) : item
  return isNode(node) ? node.range?.[1] : undefined
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  if (end < 0) return text.length
  return text[end - 1] === '\r' ? end - 1 : end
}
