/* How Immich's database is reached. */
import { databaseSettings } from '../../../config/database.ts'
import { variablesOfImmich } from '../../../config/immichEnv.ts'
import { isReference } from '../../../config/secret.ts'
import { parseDatabaseUrl } from '../../../immich/databaseUrl.ts'
import type { Installation } from '../../../immich/installation.ts'
import { readSchema } from '../../../immich/schema.ts'
import { connect } from '../../../immich/session.ts'
import { errorMessage, UserError } from '../../../shared/errors.ts'
import type { Keeper } from '../keepers/keeper.ts'
import type { Question } from '../question.ts'
import { reference, type Session } from '../session.ts'

interface Address {
  host: string
  port: number
}

const usualPort = 5432
const addressPattern = /^(\[[\da-f:]+\]|[^\s:/]+):(\d{1,5})$/i

const addressQuestion: Question = {
  field: 'database',
  flag: 'database',
  ask: "Where is Immich's database reached from here?",
  help: '127.0.0.1:5432, a reference to its postgres:// URL (env:DB_URL), or none for no database.',
  kind: 'text',
}

const urlQuestion: Question = {
  field: 'databaseUrl',
  flag: 'database',
  ask: "What is the URL of Immich's database?",
  help: 'postgres://user:password@host:5432/immich. Its user needs to read only.',
  kind: 'secret',
}

const publishing = `Immich's own compose file lets nobody but Immich reach the database. To
let this machine reach it, add this to the service "database" of the
compose file, and start it again with \`docker compose up -d\`:
    ports:
      - 127.0.0.1:5432:5432`

/**
 * Whether the configuration, or a variable, says where the database is. Immich's own `.env` file, when the configuration
 * lies beside it, has its password and not its place.
 */
export function isDatabaseKnown({ data, before }: Session): boolean {
  if (data['database'] !== undefined) return true
  const variables = before.database ? before.database.variables : {}
  return variables['DB_URL'] !== undefined || variables['DB_HOSTNAME'] !== undefined
}

/** Settles how the database is reached, unless the configuration says it. */
export async function askDatabase(
  session: Session,
  installation: Installation | undefined,
  keeper: () => Promise<Keeper>,
): Promise<void> {
  const { asker, plan } = session
  const flag = asker.flag('database')
  if (flag === undefined && isDatabaseKnown(session)) return
  const set = (value: unknown) => plan.edits.push({ path: ['database'], value })
  if (flag === 'none') set(false)
  else if (flag !== undefined && parseAddress(flag) === undefined) {
    set({ url: reference(session, 'database', flag) })
  } else if (installation?.envFile !== undefined && installation.passwordInEnv) {
    set(await throughInstallation(session, installation, installation.envFile))
  } else if (asker.attended) set(await byUrl(session, keeper))
  else await asker.answer(addressQuestion)
}

/** By Immich's own `.env` file, whose secrets stay where they are. */
async function throughInstallation(
  session: Session,
  installation: Installation,
  envFile: string,
): Promise<unknown> {
  const { asker } = session
  const flag = asker.flag('database')
  const given = flag === undefined ? undefined : parseAddress(flag)
  const addresses = given ? [given] : likelyAddresses(installation)
  let problem = ''
  for (const address of addresses) {
    const where = `${address.host}:${address.port}`
    const why = await asker.working(`Looking for the database at ${where}`, () =>
      whyUnreachable(session, envFile, address),
    )
    if (why === undefined) return { env: envFile, ...address }
    problem = why
  }
  asker.warn(problem)
  if (given || !asker.attended) {
    throw new UserError(`--database is needed: ${addressQuestion.ask} ${problem}`, {
      hint: `${addressQuestion.help}\n${publishing}`,
    })
  }
  asker.tell(publishing, 'The database is not reached')
  const answer = await asker.answer(addressQuestion, {
    offer: `127.0.0.1:${usualPort}`,
    problem: (text) =>
      text === 'none' || isReference(text) || parseAddress(text)
        ? undefined
        : 'looks like 127.0.0.1:5432, or env:DB_URL, or is none',
  })
  if (answer === 'none') return false
  if (isReference(answer)) return { url: reference(session, 'database', answer) }
  const address = parseAddress(answer)
  return await throughInstallation(session, { ...installation, published: address }, envFile)
}

function likelyAddresses({ published, databaseHost, databasePort }: Installation): Address[] {
  const port = databasePort ?? usualPort
  const likely = [
    ...(published ? [published] : []),
    ...(databaseHost === undefined ? [] : [{ host: databaseHost, port }]),
    { host: '127.0.0.1', port },
  ]
  return likely.filter(
    (each, index) => likely.findIndex(({ host, port }) => host === each.host && port === each.port) === index,
  )
}

async function whyUnreachable(
  { context }: Session,
  envFile: string,
  { host, port }: Address,
): Promise<string | undefined> {
  try {
    const variables = variablesOfImmich(envFile, envFile)
    const settings = databaseSettings({ url: undefined, variables, host, port, ca: undefined })
    await using session = await connect(settings, context.signal)
    await readSchema(session)
    return undefined
  } catch (error) {
    context.signal.throwIfAborted()
    if (!(error instanceof UserError)) throw error
    return [error.message, error.hint].filter(Boolean).join('\n')
  }
}

async function byUrl(session: Session, keeper: () => Promise<Keeper>): Promise<unknown> {
  const answer = await session.asker.answer(
    { ...urlQuestion, help: `${urlQuestion.help} Or none, for no database.` },
    { problem: (text) => (text === 'none' || isReference(text) ? undefined : whyNoUrl(text)) },
  )
  if (answer === 'none') return false
  if (isReference(answer)) return { url: reference(session, 'database', answer) }
  return { url: await (await keeper()).keep(undefined, 'database_url', answer) }
}

function whyNoUrl(text: string): string | undefined {
  try {
    parseDatabaseUrl(text)
    return undefined
  } catch (error) {
    return `is no URL of a database: ${errorMessage(error)}`
  }
}

function parseAddress(text: string): Address | undefined {
  const [, host, port] = addressPattern.exec(text) ?? []
  if (host === undefined || ['env', 'file', 'op'].includes(host)) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
