import { invalid } from './errors.ts'

/** A part of a resource, as `fields` of a request names it: `nextPageToken,files(id,name)`. */
interface Mask {
  [field: string]: Mask | true
}

/** @throws DriveRefusal for a mask that is not well-formed. */
export function parseMask(fields: string): Mask {
  const tokens = fields.match(/[A-Za-z0-9_*]+|[(),]/g) ?? []
  if (tokens.join('') !== fields || fields === '') throw invalid(`Invalid field selection ${fields}`)
  let at = 0
  const list = (): Mask => {
    const mask: Mask = {}
    for (;;) {
      const name = tokens[at++]
      if (name === undefined || /[(),]/.test(name)) throw invalid(`Invalid field selection ${fields}`)
      mask[name] = true
      if (tokens[at] === '(') {
        at += 1
        mask[name] = list()
        if (tokens[at++] !== ')') throw invalid(`Invalid field selection ${fields}`)
      }
      if (tokens[at] !== ',') return mask
      at += 1
    }
  }
  const mask = list()
  if (at !== tokens.length) throw invalid(`Invalid field selection ${fields}`)
  return mask
}

/** What the mask leaves of a value. */
export function select(value: unknown, mask: Mask | true): unknown {
  if (mask === true || mask['*'] || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => select(item, mask))
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      const inner = mask[key]
      return inner === undefined ? [] : [[key, select(child, inner)]]
    }),
  )
}
