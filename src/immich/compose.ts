import { parseDocument } from 'yaml'
import { UserError } from '../shared/errors.ts'

/** What a compose file says that backups need to know. */
export interface ComposeFacts {
  /** Whether it runs Immich's server. */
  isImmich: boolean
  /** The folder of this machine that holds the library, as written; undefined where it is a Docker volume. */
  library: string | undefined
  /** The same of the database's own files. */
  databaseFiles: string | undefined
  /** Where the database listens on this machine. */
  published: { host: string; port: number } | undefined
}

/** The media root in the container, by Immich's age. */
const mediaRoots = ['/data', '/usr/src/app/upload']
const databaseFolder = '/var/lib/postgresql/data'
const databasePort = 5432
/** A compose file has no use for more repetition than this. */
const aliasLimit = 100

/**
 * Reads a compose file.
 * @param name of the file, for messages.
 * @param variables those of the `.env` file beside it.
 * @throws UserError when it is no YAML.
 */
export function readCompose(
  text: string,
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): ComposeFacts {
  const document = parseDocument(text, { logLevel: 'error' })
  const [problem] = document.errors
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1
    throw new UserError(`${name} can't be read as a compose file: line ${line} is no valid YAML`)
  }
  const services = Object.values(fields(fields(document.toJS({ maxAliasCount: aliasLimit }))['services']))
  const running = (image: RegExp) =>
    services.map(fields).find((service) => image.test(filledIn(service['image'], variables)))
  const server = running(/immich-server/)
  const database = running(/postgres|pgvecto/)
  return {
    isImmich: server !== undefined,
    library: mediaRoots.map((root) => folderAt(server, root, variables)).find(Boolean),
    databaseFiles: folderAt(database, databaseFolder, variables),
    published: publishedPort(database, variables),
  }
}

type Fields = Readonly<Record<string, unknown>>
type Variables = Readonly<Record<string, string | undefined>>

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** `${NAME}`, `${NAME:-otherwise}` and `$NAME` become their values; the other forms are not used by Immich. */
function filledIn(value: unknown, variables: Variables): string {
  if (typeof value !== 'string' && typeof value !== 'number') return ''
  return String(value).replaceAll(
    /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
    (_all, braced: string | undefined, otherwise = '', bare: string | undefined) =>
      variables[braced ?? bare ?? ''] || otherwise,
  )
}

/** The folder of this machine that a service has at `target`; a name without a slash is a Docker volume's. */
function folderAt(service: Fields | undefined, target: string, variables: Variables): string | undefined {
  for (const volume of list(service?.['volumes'])) {
    const [source = '', there = ''] =
      typeof volume === 'string'
        ? filledIn(volume, variables).split(':')
        : [filledIn(fields(volume)['source'], variables), filledIn(fields(volume)['target'], variables)]
    if (there === target && /^[./]/.test(source)) return source
  }
  return undefined
}

/** Of `5432:5432`, `127.0.0.1:5433:5432`, or the long form. What listens everywhere listens on loopback, too. */
function publishedPort(service: Fields | undefined, variables: Variables): ComposeFacts['published'] {
  for (const port of list(service?.['ports'])) {
    const parts =
      typeof port === 'object'
        ? ['host_ip', 'published', 'target'].map((key) => filledIn(fields(port)[key], variables))
        : filledIn(port, variables)
            .replace(/\/tcp$/, '')
            .split(':')
    const [target, published, host] = parts.toReversed()
    if (Number(target) !== databasePort || !published) continue
    const everywhere = host === undefined || host === '' || host === '0.0.0.0'
    return { host: everywhere ? '127.0.0.1' : host, port: Number(published) }
  }
  return undefined
}
