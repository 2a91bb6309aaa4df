import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { Config } from '../../config/config.ts'
import { editConfigText, newConfigText } from '../../config/edit.ts'
import { type Environment, readEnvironment } from '../../config/environment.ts'
import type { Draft } from '../../config/load.ts'
import { isReference } from '../../config/secret.ts'
import { UserError } from '../../shared/errors.ts'
import { readIfThere } from '../../shared/files.ts'
import type { Context } from '../context.ts'
import type { Asker } from './asker.ts'
import { Plan } from './plan.ts'

/** What the steps of a set-up share. */
export interface Session {
  readonly context: Context
  readonly asker: Asker
  readonly plan: Plan
  /** Takes back what was done, when the person gives up. */
  readonly undo: AsyncDisposableStack
  /** Absolute path of the configuration. */
  readonly file: string
  /** Its folder. */
  readonly folder: string
  /** Whether the configuration is there already. */
  readonly isNew: boolean
  /** The configuration's text before. */
  readonly text: string
  /** What it says, as plain data. */
  readonly data: Readonly<Record<string, unknown>>
  /** What it comes to, together with the environment. */
  readonly before: Config
  readonly environment: Environment
}

/** @throws UserError when there is a configuration with something wrong in it. */
export async function openSession(
  context: Context,
  asker: Asker,
  undo: AsyncDisposableStack,
): Promise<Session> {
  const file = context.configFile
  const folder = dirname(file)
  if (!existsSync(folder)) throw new UserError(`there is no folder ${folder} for the configuration`)
  const written = await readIfThere(file)
  const text = written ?? newConfigText()
  const before = context.loadConfig([], { text, secrets: new Map() })
  return {
    context,
    asker,
    plan: new Plan(),
    undo,
    file,
    folder,
    isNew: written === undefined,
    text,
    data: (parseDocument(text).toJS() ?? {}) as Record<string, unknown>,
    before,
    environment: readEnvironment(context.env, folder),
  }
}

/** The configuration as it will be. */
export function draftOf({ text, plan }: Session): Draft {
  return { text: editConfigText(text, plan.edits), secrets: plan.secrets }
}

/** A path that a person typed, absolute. */
export function absolutePath(path: string, context: Pick<Context, 'cwd' | 'env'>): string {
  return resolve(context.cwd, path.replace(/^~(?=\/|$)/, homeFolder(context)))
}

export function homeFolder({ env }: Pick<Context, 'env'>): string {
  return env['HOME'] ?? homedir()
}

/**
 * A reference that a flag gave, as the configuration can have it: it may lie in another folder than we work in.
 * @throws UserError when it is the secret itself, and no reference.
 */
export function reference({ context }: Session, flag: string, text: string): string {
  if (!isReference(text)) context.resolveSecret(text, `--${flag}`)
  return text.startsWith('file:') ? `file:${absolutePath(text.slice('file:'.length), context)}` : text
}
