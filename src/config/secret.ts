import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import { errorCode, UserError } from '../shared/errors.ts'
import type { Environment } from './environment.ts'

const referencePattern = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/

/** Whether a text is `env:NAME` or `file:PATH`. Anything else in a secret's place could be the secret itself. */
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

/**
 * A secret and the reference that it came from. Only `reveal` and `revealBytes` give the secret away; printed, logged,
 * inspected or turned into JSON it is `[secret from env:NAME]`.
 */
export class Secret {
  /** `env:NAME` or `file:PATH`, as written. */
  readonly reference: string
  /** Why there is no value, or undefined when there is one. */
  readonly problem: string | undefined
  readonly #bytes: Buffer
  readonly #place: string

  /** @param place where the reference stands and for which field, to begin an error message with. */
  constructor(reference: string, value: { bytes: Buffer } | { problem: string }, place: string) {
    this.reference = reference
    this.problem = 'problem' in value ? value.problem : undefined
    this.#bytes = 'bytes' in value ? value.bytes : Buffer.alloc(0)
    this.#place = place
  }

  /** The secret as text, without the newlines at its end. @throws UserError when its reference leads nowhere. */
  reveal(): string {
    return withoutNewlines(this.revealBytes())
  }

  /** The secret's bytes exactly as they are. @throws UserError when its reference leads nowhere. */
  revealBytes(): Buffer {
    if (this.problem !== undefined) throw new UserError(`${this.#place}: ${this.problem}`)
    return this.#bytes
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
 * that a command never fails over a secret that it has no use for.
 * @param folder what a relative `file:` path is relative to.
 * @param place as for {@link Secret}.
 */
export function resolveSecret(
  reference: string,
  context: { environment: Environment; folder: string },
  place: string,
): Secret {
  return new Secret(reference, lookUp(reference, context), place)
}

function lookUp(
  reference: string,
  { environment, folder }: { environment: Environment; folder: string },
): { bytes: Buffer } | { problem: string } {
  const name = /^env:(.+)$/.exec(reference)?.[1]
  if (name !== undefined) {
    const value = environment.get(name)
    return value === undefined
      ? { problem: `environment variable ${name} is not set` }
      : { bytes: Buffer.from(value) }
  }
  return readSecretFile(resolve(folder, reference.replace(/^file:/, '')))
}

function readSecretFile(path: string): { bytes: Buffer } | { problem: string } {
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
