/* Finds the Postgres client tools on this machine. */
import { execFile } from 'node:child_process'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../shared/errors.ts'

const run = promisify(execFile)
/** Where the Debian packages of the PostgreSQL project put each major version: `15/bin/pg_dump`. */
const debianFolder = '/usr/lib/postgresql'
const versionTimeoutMs = 10_000

/**
 * The `pg_dump` of exactly this major version: an older one refuses the server, and what a newer one writes may not
 * load into it again.
 * @throws UserError naming the package to install.
 */
export async function findPgDump(major: number): Promise<string> {
  const found = await installed('pg_dump')
  const match = found.find((tool) => tool.major === major)
  if (match) return match.path
  throw new UserError(
    `pg_dump ${major} is needed, the major version of the database server; ${listed('pg_dump', found)}`,
    { hint: `Install the Debian package postgresql-client-${major}.` },
  )
}

/**
 * The newest `psql`, which works with older servers as well.
 * @throws UserError when there is none.
 */
export async function findPsql(): Promise<InstalledTool> {
  const newest = (await installed('psql')).toSorted((a, b) => b.major - a.major)[0]
  if (newest) return newest
  throw new UserError('no psql was found', { hint: 'Install the Debian package postgresql-client.' })
}

export interface InstalledTool {
  path: string
  major: number
  minor: number
}

async function installed(name: string): Promise<InstalledTool[]> {
  const majors = await readdir(debianFolder).catch(() => [])
  const candidates = majors.map((major) => join(debianFolder, major, 'bin', name))
  const present = await Promise.all(
    candidates.map((path) =>
      access(path).then(
        () => path,
        () => undefined,
      ),
    ),
  )
  const paths = [...present, await inPath(name)].filter((path) => path !== undefined)
  const tools = await Promise.all(paths.map(async (path) => await toolAt(path)))
  return tools.filter((tool) => tool !== undefined)
}

/** The shell looks it up, as it has the search path. */
async function inPath(name: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('/bin/sh', ['-c', 'command -v "$0"', name], { timeout: versionTimeoutMs })
    return stdout.trim()
  } catch {
    return undefined
  }
}

/** What can't tell its version is no tool for us. */
async function toolAt(path: string): Promise<InstalledTool | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: versionTimeoutMs })
    const [, major, minor = '0'] = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(stdout) ?? []
    return major === undefined ? undefined : { path, major: Number(major), minor: Number(minor) }
  } catch {
    return undefined
  }
}

function listed(name: string, found: readonly InstalledTool[]): string {
  if (found.length === 0) return `no ${name} was found`
  const majors = [...new Set(found.map((tool) => tool.major))].toSorted((a, b) => a - b)
  return `found ${name} ${majors.join(', ')}`
}
