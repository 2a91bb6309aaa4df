import { homedir } from 'node:os'
import { join, resolve as resolvePath } from 'node:path'
import type { Config, DatabaseReferences, Destination } from './config.ts'
import { bucketVariable, credentialsVariable, type GcsDestination } from './destinations/gcs.ts'
import type { ConfigDocument } from './document.ts'
import type { Environment } from './environment.ts'
import { databaseVariables, variablesOfImmich } from './immichEnv.ts'
import { numbers } from './numbers.ts'
import { fieldName, type FieldPath } from './problem.ts'
import type { FileSettings } from './schema.ts'
import { resolveSecret, SecretReference, type Resolved, type Secret } from './secret.ts'

/** What a configuration is made of. */
export interface Ingredients {
  settings: FileSettings
  document: ConfigDocument
  environment: Environment
  /** Absolute path of the configuration file. */
  file: string | undefined
  /** What relative paths in the file are relative to: its folder. */
  folder: string
  /** What relative paths in variables are relative to. */
  cwd: string
  /** Secrets that are not yet where their references say, by reference. */
  pending?: ReadonlyMap<string, string> | undefined
}

/** Immich's own variables for its media root, ours first. */
const libraryVariables = ['BACKUP_IMMICH_PATH', 'IMMICH_MEDIA_LOCATION']

/** The configuration that the file and the environment make together. The file wins where both say something. */
export function resolveConfig(from: Ingredients): Config {
  const origins: Record<string, string> = {}
  collectOrigins(from.document, from.document.data, [], origins)
  const { settings, folder } = from
  for (const field of ['vault.id', 'vault.fingerprint']) {
    const origin = origins[field]
    if (origin !== undefined) origins[`destinations[0].${field}`] ??= origin
  }
  return {
    file: from.file,
    host: settings.host,
    library: resolveLibrary(from, origins),
    include: settings.include,
    sources: settings.sources.map((source) => ({ ...source, path: resolvePath(folder, source.path) })),
    ignore: settings.ignore,
    oneFileSystem: settings.oneFileSystem,
    database: resolveDatabase(from, origins),
    immichVersion: settings.immichVersion,
    immichServer: settings.immichServer,
    compare: settings.compare,
    state: resolveState(from, origins),
    identity: secretAt(from, ['identity'], settings.identity),
    passphrase: secretAt(from, ['passphrase'], settings.passphrase),
    recovery: settings.recovery,
    writeOnly: settings.writeOnly,
    expectEvery: settings.expectEvery,
    notify: settings.notify.map((written, index) => followAll(from, ['notify', index], written)),
    metrics: resolveMetrics(from),
    statsInterval: numberAt(from, 'statsInterval', origins),
    maxRetries: numberAt(from, 'maxRetries', origins),
    limits: settings.limits,
    prices: settings.prices,
    destinations: settings.destinations.map((written, index) =>
      resolveDestination(from, written, index, origins),
    ),
    origins,
  }
}

function resolveLibrary(from: Ingredients, origins: Record<string, string>): string | undefined {
  if (from.settings.library !== undefined) return resolvePath(from.folder, from.settings.library)
  const name = libraryVariables.find((variable) => from.environment.get(variable) !== undefined)
  if (name === undefined) return undefined
  origins['library'] = from.environment.originOf(name)
  return resolvePath(from.cwd, from.environment.get(name) ?? '')
}

function resolveDatabase(
  from: Ingredients,
  origins: Record<string, string>,
): DatabaseReferences | false | undefined {
  const written = from.settings.database
  if (written === false) return false
  const url = secretAt(from, ['database', 'url'], written?.url)
  const variables = url ? {} : immichVariables(from, written?.env, origins)
  if (!url && Object.keys(variables).length === 0) return undefined
  const ca = secretAt(from, ['database', 'ca'], written?.ca)
  return { url, variables, host: written?.host, port: written?.port, ca }
}

function immichVariables(
  from: Ingredients,
  envFile: string | undefined,
  origins: Record<string, string>,
): Record<string, Secret> {
  if (envFile === undefined) return ownVariables(from, origins)
  const place = `${from.document.placeOf(['database', 'env'])}: database.env`
  const found = variablesOfImmich(resolvePath(from.folder, envFile), place)
  for (const name of Object.keys(found))
    origins[`database.variables.${name}`] = `variable ${name} in ${envFile}`
  return found
}

/** As Immich's own start script has it, `NAME_FILE` wins over `NAME`. */
function ownVariables(from: Ingredients, origins: Record<string, string>): Record<string, Secret> {
  const found: Record<string, Secret> = {}
  for (const name of databaseVariables) {
    const file = from.environment.get(`${name}_FILE`)
    if (file === undefined && from.environment.get(name) === undefined) continue
    const variable = file === undefined ? name : `${name}_FILE`
    const place = from.environment.originOf(variable)
    origins[`database.variables.${name}`] = place
    const context = { environment: from.environment, folder: from.cwd }
    found[name] = resolveSecret(file === undefined ? `env:${name}` : `file:${file}`, context, place)
  }
  return found
}

/** Root has the system's folder; everybody else has one by the XDG Base Directory Specification. */
function resolveState(from: Ingredients, origins: Record<string, string>): string {
  if (from.settings.state !== undefined) return resolvePath(from.folder, from.settings.state)
  const base = from.environment.get('XDG_STATE_HOME')
  if (base !== undefined) {
    origins['state'] = from.environment.originOf('XDG_STATE_HOME')
    return resolvePath(from.cwd, base, 'safelight')
  }
  if (process.getuid?.() === 0) return '/var/lib/safelight'
  return join(from.environment.get('HOME') ?? homedir(), '.local/state/safelight')
}

/** A number of the file, or of a variable; not a number where the variable holds none, which checks.ts tells. */
function numberAt(from: Ingredients, field: keyof typeof numbers, origins: Record<string, string>): number {
  const written = from.settings[field]
  if (written !== undefined) return written
  const { variable, usual } = numbers[field]
  const text = from.environment.get(variable)
  if (text === undefined) return usual
  origins[field] = from.environment.originOf(variable)
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
}

function resolveMetrics({ settings, folder }: Ingredients): Config['metrics'] {
  const { textfile, ...rest } = settings.metrics ?? {}
  if (textfile === undefined) return settings.metrics
  return { ...rest, textfile: resolvePath(folder, textfile) }
}

/** The pin at the top of the file is that of the first destination. */
function resolveDestination(
  from: Ingredients,
  written: FileSettings['destinations'][number],
  index: number,
  origins: Record<string, string>,
): Destination {
  const vault = written.vault ?? (index === 0 ? from.settings.vault : undefined)
  const resolved = { ...followAll(from, ['destinations', index], written), vault }
  const absolute = (path: string) => resolvePath(from.folder, path)
  if (resolved.type === 'local') return { ...resolved, path: absolute(resolved.path) }
  if (resolved.type === 'rclone') return { ...resolved, config: resolved.config && absolute(resolved.config) }
  if (resolved.type === 'gcs') return resolveGcs(from, resolved, index, origins)
  return resolved
}

/** What the file leaves out, the variables of the older set-up may say. */
function resolveGcs(
  from: Ingredients,
  destination: GcsDestination,
  index: number,
  origins: Record<string, string>,
): GcsDestination {
  const bucket = destination.bucket === '' ? bucketVariable(from.environment) : undefined
  const credentials = destination.credentials ? undefined : credentialsVariable(from.environment, from.cwd)
  for (const [field, found] of Object.entries({ bucket, credentials })) {
    if (found) origins[`destinations[${index}].${field}`] = from.environment.originOf(found.variable)
  }
  return {
    ...destination,
    ...(bucket && { bucket: bucket.value }),
    ...(credentials && { credentials: credentials.value }),
  }
}

/** The same value with every reference in it followed. */
function followAll<T>(from: Ingredients, path: FieldPath, value: T): Resolved<T> {
  const followed = (inner: unknown, at: FieldPath): unknown => {
    if (inner instanceof SecretReference) return follow(from, at, inner.reference)
    if (Array.isArray(inner)) return inner.map((item, index) => followed(item, [...at, index]))
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(
      Object.entries(inner).map(([key, child]) => [key, followed(child, [...at, key])]),
    )
  }
  return followed(value, path) as Resolved<T>
}

function secretAt(from: Ingredients, path: FieldPath, reference: string | undefined): Secret | undefined {
  return reference === undefined ? undefined : follow(from, path, reference)
}

function follow(from: Ingredients, path: FieldPath, reference: string): Secret {
  return resolveSecret(reference, from, `${from.document.placeOf(path)}: ${fieldName(path)}`)
}

/** Every value in the file, with its line. */
function collectOrigins(
  document: ConfigDocument,
  value: unknown,
  path: FieldPath,
  origins: Record<string, string>,
): void {
  if (path.length > 0) origins[fieldName(path)] = document.placeOf(path).replace(/:\d+$/, '')
  if (typeof value !== 'object' || value === null) return
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  for (const step of steps) {
    collectOrigins(document, (value as Record<PropertyKey, unknown>)[step], [...path, step], origins)
  }
}
