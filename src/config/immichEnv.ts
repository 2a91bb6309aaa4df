import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { errorCode } from '../shared/errors.ts'
import { Secret } from './secret.ts'

/** Immich's own names for how its database is reached. */
export const databaseVariables = [
  'DB_URL',
  'DB_HOSTNAME',
  'DB_PORT',
  'DB_USERNAME',
  'DB_PASSWORD',
  'DB_DATABASE_NAME',
  'DB_SSL_MODE',
]

/**
 * The database's variables in the `.env` file that an installation of Immich has, so that nothing in it is kept twice.
 * @param path absolute path of the file.
 * @param place as for {@link Secret}.
 * @returns at least one: where there is none, it says why when it is revealed.
 */
export function variablesOfImmich(path: string, place: string): Record<string, Secret> {
  const found = readVariables(path)
  if (typeof found === 'string') return { DB_PASSWORD: new Secret(`file:${path}`, { problem: found }, place) }
  const set = databaseVariables.filter((name) => found[name])
  if (set.length === 0) {
    const problem = `the file ${path} sets no variable of Immich's database`
    return { DB_PASSWORD: new Secret(`file:${path}`, { problem }, place) }
  }
  return Object.fromEntries(
    set.map((name) => {
      const bytes = Buffer.from(found[name] ?? '')
      return [name, new Secret(`${name} in ${path}`, { bytes }, place)]
    }),
  )
}

function readVariables(path: string): Record<string, string | undefined> | string {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    return code === 'ENOENT' ? `there is no file ${path}` : `the file ${path} can't be read (${code})`
  }
}
