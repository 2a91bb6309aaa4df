import { hash } from 'node:crypto'
import { UserError } from '../../shared/errors.ts'

/** What a server identifies itself with. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` and so on. */
  type: string
  /** `SHA256:` and 43 characters, as `ssh-keygen -l` prints it. */
  fingerprint: string
}

/** What the owner says that a server's key is: its type, too, where the whole key was written down. */
export interface HostKeyPin {
  type: string | undefined
  fingerprint: string
}

const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}=?$/
/** A line of a `.pub` file, or of `ssh-keyscan` with the host's name before it. */
const publicKeyPattern = /^(?:\S+\s+)?((?:ssh|ecdsa)-\S+)\s+(AAAA[A-Za-z0-9+/]+=*)(?:\s.*)?$/

/**
 * Reads a pin: `SHA256:...`, or a public key as `ssh-ed25519 AAAA...`.
 * @returns undefined for anything else.
 */
export function parseHostKeyPin(text: string): HostKeyPin | undefined {
  const trimmed = text.trim()
  if (fingerprintPattern.test(trimmed)) return { type: undefined, fingerprint: trimmed.replace(/=$/, '') }
  const [, type, blob] = publicKeyPattern.exec(trimmed) ?? []
  const key = blob === undefined ? undefined : hostKeyOf(Buffer.from(blob, 'base64'))
  return key?.type === type ? key : undefined
}

/** The key in a blob of RFC 4253, section 6.6: a string that names the type, and what the type says. */
export function hostKeyOf(blob: Buffer): HostKey {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0)
  const fingerprint = `SHA256:${hash('sha256', blob, 'base64').replace(/=$/, '')}`
  return { type: blob.toString('latin1', 4, 4 + length), fingerprint }
}

/**
 * The algorithms to ask a server for, so that it shows the key that is pinned and not another of its own. Undefined where
 * a fingerprint alone does not tell the type.
 */
export function algorithmsFor(pins: readonly HostKeyPin[]): string[] | undefined {
  const types = pins.map(({ type }) => type)
  if (types.length === 0 || types.includes(undefined)) return undefined
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : (type ?? [])))
}

/**
 * Why a server is not talked to.
 * @returns undefined when its key is pinned.
 */
export function refusalOf(seen: HostKey, pins: readonly HostKeyPin[], where: string): UserError | undefined {
  if (pins.some(({ fingerprint }) => fingerprint === seen.fingerprint)) return undefined
  const shown = `${seen.type} ${seen.fingerprint}`
  const compare = `ssh-keygen -lf /etc/ssh/ssh_host_${fileOf(seen.type)}_key.pub`
  if (pins.length === 0) {
    return new UserError(`${where} shows the host key ${shown}, and no host key is pinned`, {
      hint: `Let the server's owner run this there: ${compare}. If it prints the same, set hostKey: ${seen.fingerprint}`,
    })
  }
  const pinned = pins.map(({ fingerprint }) => fingerprint).join(' or ')
  return new UserError(`${where} shows the host key ${shown}, but ${pinned} is pinned`, {
    hint: `Either its key was changed or this is not the server. Nothing was sent. Its owner can tell by: ${compare}`,
  })
}

/** As OpenSSH names its files. */
function fileOf(type: string): string {
  if (type.startsWith('ecdsa-')) return 'ecdsa'
  return type.replace(/^ssh-/, '')
}
