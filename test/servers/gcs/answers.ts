import type { ServerResponse } from 'node:http'

/** A refusal in the form of Google's JSON APIs. */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export function sendError(outgoing: ServerResponse, { status, reason, message }: ApiError): void {
  sendJson(outgoing, status, {
    error: { code: status, message, errors: [{ message, domain: 'global', reason }] },
  })
}

export function sendJson(outgoing: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  }
  outgoing.writeHead(status, headers).end(text)
}

type Fields = Map<string, Fields>

/** What a request's `fields` leaves of a resource: `name`, `items(name,size),nextPageToken`. */
export function selected(resource: object, fields: string | null): object {
  return fields === null ? resource : picked(resource, parseFields(fields))
}

function parseFields(text: string): Fields {
  const stack: Fields[] = [new Map()]
  let last: Fields = new Map()
  for (const [token] of text.matchAll(/[\w*]+|[(),]/g)) {
    if (token === '(') stack.push(last)
    else if (token === ')') stack.pop()
    else if (token !== ',') stack.at(-1)?.set(token, (last = new Map()))
  }
  const [top] = stack
  if (top === undefined || stack.length > 1)
    throw new ApiError(400, 'invalidParameter', `Invalid fields ${text}`)
  return top
}

function picked(resource: object, fields: Fields): object {
  if (fields.size === 0) return resource
  if (Array.isArray(resource)) return resource.map((item: object) => picked(item, fields))
  const entries = Object.entries(resource).filter(([name]) => fields.has(name))
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      isObject(value) ? picked(value, fields.get(name) ?? new Map()) : value,
    ]),
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
