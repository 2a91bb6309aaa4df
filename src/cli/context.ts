import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import type { Variables } from '../config/environment.ts'
import type { Draft } from '../config/load.ts'
import type { Need } from '../config/needs.ts'
import type { Secret } from '../config/secret.ts'
import type { ExitCode } from '../shared/errors.ts'
import type { Output, OutputStream } from './output/output.ts'

/** The process around a command. */
export interface Surroundings {
  env: Variables
  /** Absolute path of the working directory. */
  cwd: string
  stdin: Readable & { isTTY?: boolean }
  stdout: OutputStream
  stderr: OutputStream
  /** Aborts when the person or the machine wants the command to stop. */
  signal: AbortSignal
}

/** What every command gets. */
export interface Context extends Pick<Surroundings, 'cwd' | 'signal' | 'env' | 'stdin' | 'stderr'> {
  readonly output: Output
  /**
   * The configuration, by `--config`, SAFELIGHT_CONFIG or `./safelight.yaml`.
   * @param needs the parts that the command can't do without; only those must be there.
   * @param draft what to take in place of the file.
   * @throws UserError that tells everything that is wrong with it.
   */
  readonly loadConfig: (needs: readonly Need[], draft?: Draft) => Config
  /** Absolute path of the configuration file, whether it is there or not. */
  readonly configFile: string
  /**
   * The secret that an option refers to.
   * @param option its name, for messages: `--into`.
   * @throws UserError when it is the secret itself, and no reference.
   */
  readonly resolveSecret: (reference: string, option: string) => Secret
  /** Asks a question at the terminal, else takes the first line of stdin. */
  readonly ask: (question: string) => Promise<string>
  /** Asks for a secret: without an echo at a terminal, else the first line of stdin. */
  readonly askSecret: (question: string) => Promise<string>
  /** Whether a person can be asked. */
  readonly interactive: boolean
}

/** A command's file: imported only when the command is meant. */
export interface CommandModule {
  /** Gives the command its arguments, options, examples. */
  configure(command: Command): void
  /**
   * Runs the command. Its options are `command.opts()`, its arguments `command.args`.
   * @returns the exit code, where it is not 0.
   */
  run(context: Context, command: Command): Promise<ExitCode | void>
}
