import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { readEnvironment } from '../config/environment.ts'
import { configFile, loadConfig } from '../config/load.ts'
import { isReference, referenceForms, resolveSecret, type Secret } from '../config/secret.ts'
import { exitCodes, UserError } from '../shared/errors.ts'
import { withoutAliases } from './aliases.ts'
import { commands } from './commands.ts'
import type { CommandModule, Context, Surroundings } from './context.ts'
import { isInterruption } from './output/errors.ts'
import { Output, type OutputStream, usualColumns } from './output/output.ts'
import { ask, askSecret } from './output/prompt.ts'
import { reflow } from './output/reflow.ts'

const widestHelp = 100

/**
 * Runs the command that the arguments name, and tells its errors.
 * @param written the arguments after the program's own name.
 * @returns the exit code; 1 also for arguments that make no sense.
 */
export async function runProgram(written: readonly string[], around: Surroundings): Promise<number> {
  const args = withoutAliases(written)
  const output = new Output(around)
  let exitCode: number = exitCodes.done
  try {
    const context = contextFor(args, around, output)
    const program = globalCommand(around)
      .description('Encrypted, append-only, verified backups of an Immich photo library and its database.')
      .version(packageJson.version, '--version', 'print the version')
    await addCommands(program, new Set(args), async (module, command) => {
      exitCode = (await module.run(context, command)) ?? exitCodes.done
    })
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (isInterruption(error)) {
      output.note('interrupted')
      return exitCodes.cancelled
    }
    return output.fail(error)
  }
}

/** The global options are read ahead of all else: they stand before or after the command, and every command obeys. */
function contextFor(args: readonly string[], around: Surroundings, output: Output): Context {
  const globals = globalCommand(around)
  globals.parseOptions([...args])
  const { config: file, json = false } = globals.opts<{ config?: string; json?: boolean }>()
  output.json = json
  return {
    cwd: around.cwd,
    signal: around.signal,
    env: around.env,
    stdin: around.stdin,
    stderr: around.stderr,
    output,
    interactive: around.stdin.isTTY === true,
    loadConfig: (needs, draft) => loadConfig({ file, env: around.env, cwd: around.cwd, needs, draft }),
    configFile: configFile({ file, env: around.env, cwd: around.cwd }),
    resolveSecret: (reference, option) => secretOf(reference, option, around),
    ask: async (question) => await ask(question, around),
    askSecret: async (question) => await askSecret(question, around),
  }
}

function secretOf(reference: string, option: string, { env, cwd }: Surroundings): Secret {
  if (isReference(reference)) {
    return resolveSecret(reference, { environment: readEnvironment(env, cwd), folder: cwd }, option)
  }
  throw new UserError(
    `${option} takes a reference to the secret, ${referenceForms}, and never the secret itself`,
    {
      hint: 'What stands on a command line can be seen by everybody on the machine, and stays in the history.',
    },
  )
}

function globalCommand({ stdout, stderr }: Surroundings): Command {
  const columnsOf = (stream: OutputStream): number => Math.min(stream.columns ?? usualColumns, widestHelp)
  return new Command('safelight')
    .option('--config <file>', 'the configuration file (or SAFELIGHT_CONFIG, or ./safelight.yaml)')
    .option('--json', 'print the result as JSON')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(reflow(text, columnsOf(stdout))),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => columnsOf(stdout),
      getErrHelpWidth: () => columnsOf(stderr),
    })
    .showHelpAfterError('See --help.')
    .exitOverride()
}

/**
 * Adds every command, and completes those whose names are among the arguments: only their files are imported, so that
 * `--help` and a small command start at once.
 */
async function addCommands(
  program: Command,
  meant: ReadonlySet<string>,
  run: (module: CommandModule, command: Command) => Promise<void>,
): Promise<void> {
  for (const entry of commands) {
    const command = program.command(entry.name).description(sentence(entry.summary)).summary(entry.summary)
    if ('commands' in entry) command.helpCommand(false)
    for (const leaf of 'commands' in entry ? entry.commands : []) {
      const sub = command.command(leaf.name).description(sentence(leaf.summary)).summary(leaf.summary)
      if (meant.has(entry.name) && meant.has(leaf.name)) complete(sub, await leaf.load(), run)
    }
    if ('load' in entry && meant.has(entry.name)) complete(command, await entry.load(), run)
  }
}

function complete(
  command: Command,
  module: CommandModule,
  run: (module: CommandModule, command: Command) => Promise<void>,
): void {
  module.configure(command)
  command.action(async () => await run(module, command))
}

function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`
}
