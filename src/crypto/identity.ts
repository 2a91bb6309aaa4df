import {
  armor,
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import { bech32 } from '@scure/base'
import { exitCodes, UserError } from '../shared/errors.ts'

/** Bech32 prefixes, in lower case, of the identities that a vault can have. */
const prefixes = ['age-secret-key-', 'age-secret-key-pq-'] as const
export type IdentityPrefix = (typeof prefixes)[number]

const armorStart = '-----BEGIN AGE ENCRYPTED FILE-----'
const binaryStart = 'age-encryption.org/v1\n'

/** An opened age identity. Its secret parts never show when it is logged, inspected or turned into JSON. */
export class Identity {
  /** Its public half, `age1...` or `age1pq1...`. */
  readonly recipient: string
  /** The Bech32 prefix of `identity`, in lower case. */
  readonly prefix: IdentityPrefix
  readonly #identity: string
  readonly #seed: Buffer

  constructor(parts: { identity: string; recipient: string; prefix: IdentityPrefix; seed: Buffer }) {
    this.recipient = parts.recipient
    this.prefix = parts.prefix
    this.#identity = parts.identity
    this.#seed = parts.seed
  }

  /** `AGE-SECRET-KEY-1...` or `AGE-SECRET-KEY-PQ-1...` */
  get identity(): string {
    return this.#identity
  }

  /** The 32 bytes that `identity` holds. */
  get seed(): Buffer {
    return this.#seed
  }
}

/** A new random identity. */
export async function generateIdentity(options: { postQuantum: boolean }): Promise<Identity> {
  return await fromLine(await (options.postQuantum ? generateHybridIdentity() : generateX25519Identity()))
}

/** What `age-keygen` would write for an identity: its age, its public half, itself. */
export function identityFile(identity: Identity, created: Date): string {
  const time = created.toISOString().replace(/\.\d{3}/, '')
  return `# created: ${time}\n# public key: ${identity.recipient}\n${identity.identity}\n`
}

/**
 * The one identity in the text of an identity file; comments and blank lines may stand around it.
 * @param source what the text was read from, for messages: `file:/run/secrets/identity`.
 * @throws UserError unless it is exactly one native identity, X25519 or post-quantum.
 */
export async function parseIdentity(text: string, source: string): Promise<Identity> {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [line] = lines
  if (line === undefined) throw unusable(source, 'holds no age identity')
  if (/^-----BEGIN .*PRIVATE KEY-----$/.test(line) || line.startsWith('ssh-')) {
    throw unusable(source, 'holds an SSH key, not an age identity')
  }
  if (line === armorStart) throw unusable(source, 'is encrypted')
  if (lines.length > 1) {
    throw unusable(source, `holds ${lines.length} lines that are no comments, where one identity should be`)
  }
  if (/^age-plugin-/i.test(line)) {
    throw unusable(source, 'holds the identity of an age plugin, whose secret only the plugin knows')
  }
  if (/^age1/i.test(line)) throw unusable(source, 'holds a recipient (a public key), not an identity')
  try {
    return await fromLine(line)
  } catch {
    throw unusable(source, 'holds no valid age identity: it is mistyped, cut short, or something else')
  }
}

/** Whether these are the bytes of an identity file that is encrypted, which age does with a passphrase. */
export function isPassphraseProtected(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  return start.startsWith(binaryStart) || start.trimStart().startsWith(armorStart)
}

/** An identity file as {@link identityFile} gives it, encrypted with a passphrase and armored, as `age -p -a` does. */
export async function protectWithPassphrase(file: string, passphrase: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  return armor.encode(await encrypter.encrypt(file))
}

/**
 * The identity in a passphrase-protected file, armored or binary.
 * @param source as for {@link parseIdentity}.
 * @throws UserError with exit code 12 for a wrong passphrase, with 1 for a file that is damaged or holds something else.
 */
export async function openProtectedIdentity(
  bytes: Uint8Array,
  passphrase: string,
  source: string,
): Promise<Identity> {
  const file = unarmored(bytes, source)
  const start = Buffer.from(file.subarray(0, 64)).toString('latin1')
  if (!start.startsWith(`${binaryStart}-> scrypt `)) {
    throw unusable(source, 'is encrypted, but not with a passphrase')
  }
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  return await parseIdentity(await decryptText(decrypter, file, source), source)
}

async function decryptText(decrypter: Decrypter, file: Uint8Array, source: string): Promise<string> {
  try {
    return await decrypter.decrypt(file, 'text')
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('no identity matched')) {
      throw new UserError(`wrong passphrase for ${source}`, { exitCode: exitCodes.wrongKey })
    }
    throw new UserError(`${source} is damaged: it does not decrypt`, { cause: error })
  }
}

function unarmored(bytes: Uint8Array, source: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  if (text.startsWith(binaryStart)) return bytes
  try {
    return armor.decode(text)
  } catch (error) {
    throw new UserError(`${source} is damaged: its armor can't be read`, { cause: error })
  }
}

async function fromLine(line: string): Promise<Identity> {
  const decoded = bech32.decodeToBytes(line)
  const prefix = prefixes.find((known) => known === decoded.prefix)
  if (!prefix || decoded.bytes.length !== 32 || line !== line.toUpperCase()) {
    throw new Error('not a native age identity')
  }
  return new Identity({
    identity: line,
    recipient: await identityToRecipient(line),
    prefix,
    seed: Buffer.from(decoded.bytes),
  })
}

function unusable(source: string, what: string): UserError {
  return new UserError(`${source} ${what}`, {
    hint: 'Safelight needs exactly one native age identity (AGE-SECRET-KEY-1... or AGE-SECRET-KEY-PQ-1...). Make one with: safelight keys generate',
  })
}
