import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { errorMessage, UserError } from '../../src/shared/errors.ts'

/** The reader's own Immich. */
export interface OwnImmich {
  /** Absolute path of its media root. */
  library: string
  /** Connection URL; holds the password. */
  databaseUrl: string
}

export const help = `Usage: npm run demo [-- --library PATH --database URL]

Shows Safelight at work, with the real program and a real Postgres: backs up,
backs up again after changes, verifies, restores, and compares what came back.

Without options, the demo makes a sample library and its database. With both
options it takes your own Immich. That is only read: the vault and the restored
files go to a new folder below TMPDIR (or /tmp), which needs about twice the
room that your library takes.

  --library PATH    the media root: the folder that holds upload and library
  --database URL    postgres://USER:PASSWORD@HOST:5432/immich, or env:NAME for
                    a variable that holds it. Better the second: npm shows the
                    command line, and so does ps
  -h, --help        print this help

Examples:
  npm run demo
  DB_URL=postgres://... TMPDIR=/mnt/disk \\
    npm run demo -- --library /srv/immich --database env:DB_URL

Exit codes: 0 all came back the same, 1 something differs or failed, 3 all came
back, but a backup had warnings, 130 interrupted.`

/**
 * Reads the demo's own options.
 * @returns the reader's Immich, `sample` for the embedded default, `help` when that is asked for.
 * @throws UserError for options that make no sense. No message repeats the URL.
 */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OwnImmich | 'sample' | 'help' {
  const { help, library, database } = parse(args)
  if (help) return 'help'
  if (library === undefined && database === undefined) return 'sample'
  if (library === undefined || database === undefined) {
    throw new UserError(`--${library === undefined ? 'library' : 'database'} is missing`, {
      hint: 'Your own Immich takes both: --library PATH --database URL.',
    })
  }
  return { library: resolve(library), databaseUrl: databaseUrl(database, env) }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        library: { type: 'string' },
        database: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return values
  } catch (error) {
    throw new UserError(errorMessage(error), { hint: 'See npm run demo -- --help.', cause: error })
  }
}

function databaseUrl(database: string, env: Readonly<Record<string, string | undefined>>): string {
  if (/^postgres(ql)?:\/\//.test(database)) return database
  const name = /^env:(\w+)$/.exec(database)?.[1]
  if (name === undefined) {
    throw new UserError('--database is neither a URL that begins with postgres:// nor env:NAME')
  }
  const url = env[name]
  if (!url) throw new UserError(`the variable ${name}, which --database names, is not set`)
  return url
}
