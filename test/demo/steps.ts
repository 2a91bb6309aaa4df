/* The commands of the demo, each with the line that says what came of it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { formatBytes, formatCount, formatNumberOf } from '../../src/shared/format.ts'
import type { Program } from './program.ts'
import {
  anyResult,
  type Backup,
  backupResult,
  initResult,
  restoreDatabaseResult,
  restoreResult,
  verifyResult,
} from './results.ts'
import { screen } from './screen.ts'

/** Makes a configuration in `folder`, an identity and a vault. @param settings what the demo writes into the configuration. */
export async function setUp(
  program: Program,
  folder: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const config = await program.run(['config', 'init'], anyResult)
  await fillIn(join(folder, 'safelight.yaml'), {
    ...settings,
    state: 'state',
    identity: 'file:identity.txt',
    destinations: [{ name: 'disk', type: 'local', path: 'vault' }],
  })
  screen.outcome('safelight.yaml, every field explained; the demo fills it in', config.milliseconds)

  const keys = await program.run(['keys', 'generate', '--out', 'identity.txt'], anyResult)
  screen.outcome("the vault's one secret: keep copies of it somewhere else", keys.milliseconds)

  const init = await program.run(['init', '--yes'], initResult)
  screen.outcome(`vault ${init.result.vault.id}, pinned in safelight.yaml`, init.milliseconds)
}

async function fillIn(file: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const yaml = parseDocument(await readFile(file, 'utf8'))
  for (const [field, value] of Object.entries(settings)) yaml.set(field, yaml.createNode(value))
  await writeFile(file, yaml.toString())
}

export async function backUp(program: Program): Promise<Backup> {
  const { result, milliseconds } = await program.run(['backup'], backupResult)
  const [{ snapshot, warnings }] = result
  const { counts, changes, database, crossCheck } = snapshot
  screen.outcome(
    `${formatNumberOf(counts.files, 'file')}, ${formatBytes(counts.bytes)}: ${formatCount(changes.added)} new, ${formatCount(changes.changed)} changed, ${formatCount(changes.archived)} gone`,
    milliseconds,
  )
  screen.outcome(
    `stored ${formatNumberOf(changes.storedContents, 'content')} (${formatBytes(changes.storedBytes)}) and a database dump (${formatBytes(database.plaintextSize)})`,
  )
  if (crossCheck) {
    const { expected, missing, mismatched } = crossCheck
    screen.outcome(
      `${formatNumberOf(expected, 'file')} that the database names: ${formatCount(missing)} missing, ${formatCount(mismatched)} with another SHA-1`,
    )
  }
  if (changes.deferred > 0) {
    screen.warn(
      `${formatNumberOf(changes.deferred, 'file')} that the database does not name, and so young that they may still be uploading, are left for the next backup`,
    )
  }
  for (const warning of warnings) screen.warn(warning)
  return snapshot
}

export async function verifyAll(program: Program): Promise<void> {
  const { result, milliseconds } = await program.run(['verify-restore', '--all'], verifyResult)
  const { outcome, statement, objects, records, dumps } = result
  screen.outcome(`${outcome}: ${statement}; ${formatBytes(objects.bytes)} read back`, milliseconds)
  screen.outcome(
    `${formatNumberOf(records, 'snapshot record')} and ${formatNumberOf(dumps, 'database dump')} read`,
  )
}

/** @param snapshot which one; the newest, unless it is given. */
export async function restoreTo(program: Program, folder: string, snapshot?: string): Promise<void> {
  const which = snapshot === undefined ? [] : ['--snapshot', snapshot]
  const { result, milliseconds } = await program.run(['restore', '--to', folder, ...which], restoreResult)
  const { counts, problemCount } = result
  const problems = problemCount === 0 ? '' : `; ${formatNumberOf(problemCount, 'problem')}`
  screen.outcome(
    `${formatNumberOf(counts.restored, 'file')}, ${formatBytes(counts.bytes)}${problems}`,
    milliseconds,
  )
}

/** @param variable the environment variable with the URL of the database to load into. */
export async function restoreDatabase(program: Program, variable: string): Promise<void> {
  const args = ['restore-database', '--into', `env:${variable}`]
  const { result, milliseconds } = await program.run(args, restoreDatabaseResult)
  const { assets, albums, users } = result.counts
  screen.outcome(
    `${formatNumberOf(assets, 'asset')}, ${formatNumberOf(albums, 'album')}, ${formatNumberOf(users, 'user')}; all or nothing, every row counted`,
    milliseconds,
  )
}
