/* How a network fails, and which answers of a server over HTTP may be other ones later, whatever the service. */
import { errorCode, errorMessage } from '../shared/errors.ts'

/** Codes of Node's network errors that may well pass. A name that does not resolve is one: networks go and come back. */
const passingCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
])

/** Whether a failure of the network, or a status of a server, may pass by itself. */
export function mayPass(failure: { code?: string | undefined; status?: number | undefined }): boolean {
  const { code, status = 0 } = failure
  if (code !== undefined && passingCodes.has(code)) return true
  return status === 408 || status === 429 || (status >= 500 && status !== 501)
}

const unknownAuthority =
  "Its certificate is of an authority that this machine does not know. Name the file with that authority's certificate in the variable NODE_EXTRA_CA_CERTS."

const hints: Record<string, string> = {
  ENOTFOUND: 'No such host, or no name resolution: check the name, and the network of this machine.',
  ECONNREFUSED: 'Nothing listens there: check the address and the port, and that the server runs.',
  EPROTO: 'The server may speak no TLS there: compare https:// and the port with what it offers.',
  CERT_HAS_EXPIRED: 'Its certificate has expired, or the clock of this machine is wrong.',
  CERT_NOT_YET_VALID: 'The clock of this machine may be wrong.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name than the one it was reached under.',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
}

/** What its reader can do about an error of the network, where that is known. */
export function networkHint(error: unknown): { hint: string } | undefined {
  const hint = hints[errorCode(error) ?? '']
  return hint === undefined ? undefined : { hint }
}

/** What happened, with its code: `ECONNRESET: socket hang up`. Without Node's own advice, which is for its programmers. */
export function networkMessage(error: unknown): string {
  const code = errorCode(error) ?? ''
  const [said = ''] = errorMessage(error).split(/; if the root CA|\n/)
  const message = /:SSL routines:[^:]*:([^:]+)/.exec(said)?.[1] ?? said
  return [message.includes(code) ? '' : code, message].filter((part) => part !== '').join(': ')
}
