import type { ServerResponse } from 'node:http'
import { sendError, ApiError } from './answers.ts'

/** What goes wrong with one request. */
export type Fault =
  /** The connection breaks before the server has read anything. */
  | 'lost request'
  /** The server does what is asked, but the connection breaks before its answer arrives. */
  | 'lost answer'
  /** The server does what is asked, but no answer ever comes. */
  | 'silence'
  /** The connection breaks after so many bytes of the request's body. */
  | { breakAfter: number }
  /** The server keeps only so many bytes of what a session is sent, and says so. */
  | { keepOnly: number }
  /** A bit of the request's body, or of the answer's, is turned over on the way. */
  | { flip: 'request' | 'answer' }
  /** The connection breaks after so many bytes of the answer's body. */
  | { cutAnswerAt: number }
  /** Nothing more comes after so many bytes of the answer's body. */
  | { silentAfter: number }
  /** The server refuses, having read the request. */
  | { status: number; reason?: string; message?: string; headers?: Record<string, string> }
  /** The same with a page of HTML, which repeats the URL, as those of Google's front end do. */
  | { page: number }

/** Faults that wait for the requests that they are meant for. */
export class Faults {
  readonly #waiting: { matches: RegExp; fault: Fault }[] = []

  add(matches: RegExp, faults: readonly Fault[]): void {
    this.#waiting.push(...faults.map((fault) => ({ matches, fault })))
  }

  take(line: string): Fault | undefined {
    const found = this.#waiting.findIndex(({ matches }) => matches.test(line))
    return found === -1 ? undefined : this.#waiting.splice(found, 1)[0]?.fault
  }
}

/** Answers as a fault says. @returns false where the fault has no answer of its own. */
export function refuses(outgoing: ServerResponse, url: string, fault: Fault | undefined): boolean {
  if (typeof fault !== 'object') return false
  if ('page' in fault) {
    const page = `<html><title>Error ${fault.page}</title>The URL <code>${url}</code> failed.</html>`
    outgoing.writeHead(fault.page, { 'content-type': 'text/html' }).end(page)
    return true
  }
  if (!('status' in fault)) return false
  const { status, reason = 'backendError', message = 'said the fault', headers = {} } = fault
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
  sendError(outgoing, new ApiError(status, reason, message))
  return true
}

/** Turns over the lowest bit of the middle byte. */
export function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy.writeUInt8(copy.readUInt8(middle) ^ 1, middle)
  return copy
}

/** Sends bytes as far as the fault lets them. */
export function sendBytes(outgoing: ServerResponse, bytes: Buffer, fault: Fault | undefined): void {
  if (typeof fault === 'object' && 'cutAnswerAt' in fault) {
    outgoing.write(bytes.subarray(0, fault.cutAnswerAt), () => outgoing.destroy())
  } else if (typeof fault === 'object' && 'silentAfter' in fault) {
    outgoing.write(bytes.subarray(0, fault.silentAfter))
  } else {
    outgoing.end(
      typeof fault === 'object' && 'flip' in fault && fault.flip === 'answer' ? flipped(bytes) : bytes,
    )
  }
}
