import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode, errorMessage, UserError } from '../shared/errors.ts'

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** This process's own variables: the one place that reads them. */
export function processVariables(): Variables {
  return process.env
}

/** The variables that a configuration sees: the process's own, then those of a `.env` file beside it. */
export class Environment {
  readonly #own: Variables
  readonly #fromFile: Variables

  constructor(own: Variables, fromFile: Variables) {
    this.#own = own
    this.#fromFile = fromFile
  }

  /** A variable's value. One that is set to nothing counts as not set, and hides the `.env` file's all the same. */
  get(name: string): string | undefined {
    return (this.#own[name] ?? this.#fromFile[name]) || undefined
  }

  /** All of them, for a program that is run. */
  get all(): Variables {
    return { ...this.#fromFile, ...this.#own }
  }

  /** A variable's value where only the `.env` file has it: whoever looks into the process's own does not see that one. */
  getFromFile(name: string): string | undefined {
    return this.#own[name] === undefined ? this.#fromFile[name] || undefined : undefined
  }

  /** Where a variable comes from, for people: `variable NAME`, or `variable NAME in .env`. */
  originOf(name: string): string {
    return this.#own[name] === undefined && this.#fromFile[name] !== undefined
      ? `variable ${name} in .env`
      : `variable ${name}`
  }
}

/**
 * The environment of a configuration in `folder`.
 * @throws UserError when there is a `.env` file that can't be read.
 */
export function readEnvironment(own: Variables, folder: string): Environment {
  const path = join(folder, '.env')
  try {
    return new Environment(own, parseEnv(readFileSync(path, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return new Environment(own, {})
    throw new UserError(`${path} can't be read: ${errorMessage(error)}`, { cause: error })
  }
}
