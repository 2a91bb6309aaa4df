import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import { errorCode, UserError } from '../shared/errors.ts'
import type { Environment } from './environment.ts'
import { readFromOnePassword } from './onePassword.ts'

const referencePattern = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+|op:\/\/(?:[^/\p{Cc}]+\/){2}\P{Cc}+)$/u

/** What a secret's place takes, for messages. */
export const referenceForms = 'env:NAME, file:/path or op://vault/item/field'

/** Whether a text is a reference. Anything else in a secret's place could be the secret itself. */
export function isReference(text: string): boolean {
  return referencePattern.test(text)
}

/** A reference that was read from the file and not followed yet. */
export class SecretReference {
  readonly reference: string

  constructor(reference: string) {
    this.reference = reference
  }
}

/** The same fields with every reference followed. */
export type Resolved<T> = T extends SecretReference
  ? Secret
  : T extends object
    ? { [K in keyof T]: Resolved<T[K]> }
    : T

/** What a reference leads to: the secret, or why there is none, and what to do about that. */
export type FoundSecret = { bytes: Buffer } | { problem: string; hint?: string }

/**
 * A secret and the reference that it came from. Only `reveal` and `revealBytes` give the secret away; printed, logged,
 * inspected or turned into JSON it is `[secret from env:NAME]`.
 */
export class Secret {
  /** As written. */
  readonly reference: string
  /** Absolute path of the file that it is in, where it is in one. */
  readonly file: string | undefined
  readonly #place: string
  readonly #look: () => FoundSecret
  #found: FoundSecret | undefined

  /**
   * @param found what the reference leads to. A function is called when the secret is first revealed.
   * @param place where the reference stands and for which field, to begin an error message with.
   * @param file absolute path, where the reference names one.
   */
  constructor(reference: string, found: FoundSecret | (() => FoundSecret), place: string, file?: string) {
    this.reference = reference
    this.file = file
    this.#place = place
    this.#look = typeof found === 'function' ? found : () => found
    this.#found = typeof found === 'function' ? undefined : found
  }

  /** Why there is no value, as far as that is known without looking anywhere. */
  get problem(): string | undefined {
    return this.#found && 'problem' in this.#found ? this.#found.problem : undefined
  }

  /** The secret as text, without the newlines at its end. @throws UserError when its reference leads nowhere. */
  reveal(): string {
    return withoutNewlines(this.revealBytes())
  }

  /** The secret's bytes exactly as they are. @throws UserError when its reference leads nowhere. */
  revealBytes(): Buffer {
    this.#found ??= this.#look()
    if ('bytes' in this.#found) return this.#found.bytes
    const { problem, hint } = this.#found
    throw new UserError(`${this.#place}: ${problem}`, hint === undefined ? {} : { hint })
  }

  toString(): string {
    return `[secret from ${this.reference}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/**
 * Follows a reference. One that leads nowhere gives a Secret all the same, which complains when it is revealed, so
 * that a command never fails over a secret that it has no use for. 1Password is asked only then, because that takes
 * its time, and may take a person.
 * @param from.folder what a relative `file:` path is relative to.
 * @param from.pending secrets that are not yet where their references say.
 * @param place as for {@link Secret}.
 */
export function resolveSecret(
  reference: string,
  from: {
    environment: Environment
    folder: string
    pending?: ReadonlyMap<string, string> | undefined
  },
  place: string,
): Secret {
  const { environment, folder, pending } = from
  const waiting = pending?.get(reference)
  if (waiting !== undefined) return new Secret(reference, { bytes: Buffer.from(waiting) }, place)
  const [, scheme, rest = ''] = /^(env|file|op):(.*)$/s.exec(reference) ?? []
  if (scheme === 'env') return new Secret(reference, variable(rest, environment), place)
  if (scheme === 'file') {
    const path = resolve(folder, rest)
    return new Secret(reference, readSecretFile(path), place, path)
  }
  return new Secret(reference, () => readFromOnePassword(reference, environment.all), place)
}

function variable(name: string, environment: Environment): FoundSecret {
  const value = environment.get(name)
  return value === undefined
    ? { problem: `environment variable ${name} is not set` }
    : { bytes: Buffer.from(value) }
}

function readSecretFile(path: string): FoundSecret {
  try {
    const bytes = readFileSync(path)
    return withoutNewlines(bytes) === '' ? { problem: `the file ${path} is empty` } : { bytes }
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    return {
      problem: code === 'ENOENT' ? `there is no file ${path}` : `the file ${path} can't be read (${code})`,
    }
  }
}

function withoutNewlines(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/[\r\n]+$/, '')
}
