import { parseDatabaseUrl } from '../immich/databaseUrl.ts'
import { type DatabaseSettings, settingsFromImmich } from '../immich/settings.ts'
import type { DatabaseReferences } from './config.ts'

/**
 * How to connect to Immich's database, secrets included.
 * @throws UserError when a reference leads nowhere, or a value can't be used; never with a secret in its text.
 */
export function databaseSettings(references: DatabaseReferences): DatabaseSettings {
  const { host, port } = references
  return { ...writtenSettings(references), ...(host && { host }), ...(port && { port }) }
}

function writtenSettings({ url, variables, ca }: DatabaseReferences): DatabaseSettings {
  const authority = ca?.reveal()
  const connection = url ?? variables['DB_URL']
  if (connection) return parseDatabaseUrl(connection.reveal(), authority)
  return settingsFromImmich(
    Object.fromEntries(Object.entries(variables).map(([name, secret]) => [name, secret?.reveal()])),
    authority,
  )
}
