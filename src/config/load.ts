import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { checkConfig } from './checks.ts'
import type { Config } from './config.ts'
import { type ConfigDocument, documentOf, emptyDocument, howToMakeOne, readDocument } from './document.ts'
import { readEnvironment, type Variables } from './environment.ts'
import { checkNeeds, type Need } from './needs.ts'
import { type Problem, problemsError } from './problem.ts'
import { resolveConfig } from './resolve.ts'
import { validate } from './validate.ts'

/** The configuration file that is taken where nothing names one. */
export const defaultFile = 'safelight.yaml'

export interface LoadOptions {
  /** What `--config` names. */
  file?: string | undefined
  /** This process's environment variables. */
  env: Variables
  /** Absolute path of the working directory. */
  cwd: string
  /**
   * What the command will use: only that must be there and be found. A restore on a new machine needs no library, and
   * no password of a database that is gone.
   */
  needs?: readonly Need[] | undefined
  /** What to take in place of the file. */
  draft?: Draft | undefined
}

/** A configuration that is not written yet. */
export interface Draft {
  /** The file's text. */
  text: string
  /** Secrets that are not yet where their references say, by reference. */
  secrets: ReadonlyMap<string, string>
}

/**
 * Reads the configuration: the file that `--config` or SAFELIGHT_CONFIG names, or `./safelight.yaml`, then the
 * environment, with the `.env` file beside the configuration behind it.
 * @throws UserError that tells everything that is wrong at once, with file, line and column; never a secret.
 */
export function loadConfig(options: LoadOptions): Config {
  const { cwd, needs = [], draft } = options
  const file = draft ? configFile(options) : findFile(options)
  const folder = file === undefined ? cwd : dirname(file)
  const environment = readEnvironment(options.env, folder)
  const document = documentFor(file, options)
  if (Array.isArray(document)) throw problemsError(document)
  const { settings, problems, failed } = validate(document)
  const config = resolveConfig({
    settings,
    document,
    environment,
    file,
    folder,
    cwd,
    pending: draft?.secrets,
  })
  const checked = { config, settings, document, failed }
  const all = [...problems, ...checkConfig(checked), ...checkNeeds(checked, needs)]
  if (all.length > 0) throw problemsError(all, file === undefined ? noFileHint : undefined)
  return deepFreeze(config)
}

function documentFor(file: string | undefined, { cwd, draft }: LoadOptions): ConfigDocument | Problem[] {
  if (file === undefined) return emptyDocument
  const label = shortPath(file, cwd)
  return draft ? documentOf(draft.text, label) : readDocument(file, label)
}

const noFileHint = `There is no configuration file ./${defaultFile}. ${howToMakeOne}`

/** Absolute path of the configuration file, whether it is there or not. */
export function configFile({ file, env, cwd }: LoadOptions): string {
  return resolve(cwd, file ?? (env['SAFELIGHT_CONFIG'] || defaultFile))
}

function findFile(options: LoadOptions): string | undefined {
  const file = configFile(options)
  const isNamed = options.file !== undefined || Boolean(options.env['SAFELIGHT_CONFIG'])
  return isNamed || existsSync(file) ? file : undefined
}

/** A path as its reader would write it: relative where it lies below the working directory. */
function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short.startsWith('..') ? path : short
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
