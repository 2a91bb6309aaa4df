/*
 * What a command can't do without: that it is configured, and that it is there on this machine.
 */
import { statSync } from 'node:fs'
import { errorCode, errorMessage } from '../shared/errors.ts'
import { type Checked, problemAt } from './checks.ts'
import { databaseSettings } from './database.ts'
import type { FieldPath, Problem } from './problem.ts'
import { referenceForms, type Secret } from './secret.ts'
import { secretsIn } from './secrets.ts'

/** A part of the configuration. `library` includes the further sources. */
export type Need = 'library' | 'database' | 'identity' | 'destinations'

const checks: Record<Need, (checked: Checked) => Problem[]> = {
  library: checkLibrary,
  database: checkDatabase,
  identity: checkIdentity,
  destinations: checkDestinations,
}

/** What is missing of the parts that are needed. */
export function checkNeeds(checked: Checked, needs: readonly Need[]): Problem[] {
  return needs.flatMap((need) => checks[need](checked))
}

function checkLibrary(checked: Checked): Problem[] {
  const { library, sources } = checked.config
  const found: Problem[] = []
  if (library !== undefined) found.push(...folderProblem(checked, ['library'], library))
  else if (!checked.failed.has('library')) {
    const message = 'is missing; give it, or set IMMICH_MEDIA_LOCATION or BACKUP_IMMICH_PATH'
    found.push(problemAt(checked, ['library'], message))
  }
  for (const [index, { path }] of sources.entries()) {
    found.push(...folderProblem(checked, ['sources', index, 'path'], path))
  }
  return found
}

function checkDatabase(checked: Checked): Problem[] {
  const { database } = checked.config
  if (database === false || checked.failed.has('database')) return []
  if (database === undefined) {
    const message = "is missing; give database.url, Immich's own DB_ variables, or false for none"
    return [problemAt(checked, ['database'], message)]
  }
  const { url, ca, variables } = database
  const missing = [
    ...secretProblem(checked, ['database', 'url'], url),
    ...secretProblem(checked, ['database', 'ca'], ca),
    ...Object.entries(variables).flatMap(([name, secret]) =>
      secretProblem(checked, ['database', 'variables', name], secret),
    ),
  ]
  if (missing.length > 0) return missing
  try {
    databaseSettings(database)
    return []
  } catch (error) {
    return [problemAt(checked, url ? ['database', 'url'] : ['database'], errorMessage(error))]
  }
}

function checkIdentity(checked: Checked): Problem[] {
  const { identity, passphrase } = checked.config
  if (!identity && !checked.failed.has('identity')) {
    return [problemAt(checked, ['identity'], `is missing; it takes ${referenceForms}`)]
  }
  return [
    ...secretProblem(checked, ['identity'], identity),
    ...secretProblem(checked, ['passphrase'], passphrase),
  ]
}

function checkDestinations(checked: Checked): Problem[] {
  const { destinations } = checked.config
  if (destinations.length === 0 && !checked.failed.has('destinations')) {
    return [problemAt(checked, ['destinations'], 'are missing; there should be one at least')]
  }
  return secretsIn(destinations, ['destinations']).flatMap(({ path, secret }) =>
    secretProblem(checked, path, secret),
  )
}

function secretProblem(checked: Checked, path: FieldPath, secret: Secret | undefined): Problem[] {
  return secret?.problem === undefined ? [] : [problemAt(checked, path, secret.problem)]
}

function folderProblem(checked: Checked, path: FieldPath, folder: string): Problem[] {
  const message = whyNoFolder(folder)
  return message === undefined ? [] : [problemAt(checked, path, message)]
}

function whyNoFolder(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : `${path} is no folder`
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    return code === 'ENOENT'
      ? `there is no folder ${path}`
      : `the folder ${path} can't be looked at (${code})`
  }
}
