import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ZodType } from 'zod'
import { exitCodes, UserError } from '../../src/shared/errors.ts'
import type { Watch } from './folders.ts'
import { screen } from './screen.ts'

/** The folder with `safelight` in it. */
export const binFolder = resolve(import.meta.dirname, '../../bin')

/** At a terminal they show how far they are. */
const commandsWithProgress = new Set(['backup', 'verify-restore', 'restore', 'restore-database'])

interface ProgramOptions {
  /** Working directory; holds the configuration. */
  folder: string
  /** More variables for the commands, secrets among them: they never stand on a command line. */
  env: Readonly<Record<string, string>>
  signal: AbortSignal
  /** Looked at when a command has ended. */
  watches: readonly Watch[]
}

export interface Ended<Result> {
  result: Result
  milliseconds: number
}

/** Runs the real program, shows each command as it would be typed, and reads its JSON. */
export class Program {
  readonly #options: ProgramOptions
  /** How many commands were run. */
  commands = 0
  /** Whether one of them ended with exit code 3. */
  hadWarnings = false

  constructor(options: ProgramOptions) {
    this.#options = options
  }

  /**
   * Runs `safelight ARGS --json` to its end.
   * @throws UserError with the program's own words when it fails.
   */
  async run<Result>(args: readonly string[], schema: ZodType<Result>): Promise<Ended<Result>> {
    const { folder, env, signal, watches } = this.#options
    const command = `safelight ${args.join(' ')}`
    screen.command(command)
    const started = performance.now()
    const live = process.stderr.isTTY && commandsWithProgress.has(args[0] ?? '')
    const child = spawn(join(binFolder, 'safelight'), [...args, '--json'], {
      cwd: folder,
      env: { ...process.env, SAFELIGHT_CONFIG: '', ...env },
      stdio: ['ignore', 'pipe', live ? 'inherit' : 'pipe'],
      signal,
    })
    const [stdout, stderr] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'close'),
    ])
    const milliseconds = performance.now() - started
    const exitCode = child.exitCode ?? exitCodes.failed
    if (exitCode !== exitCodes.done && exitCode !== exitCodes.partial) {
      throw new UserError(`${command} ended with exit code ${exitCode}`, {
        hint: stderr.trim() || stdout.trim(),
      })
    }
    this.hadWarnings ||= exitCode === exitCodes.partial
    this.commands += 1
    for (const watch of watches) await watch.look(command)
    return { result: schema.parse(JSON.parse(stdout)), milliseconds }
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  return stream === null ? '' : await text(stream)
}
