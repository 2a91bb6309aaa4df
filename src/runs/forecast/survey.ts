/* What a forecast starts from: what lies in a vault, and what a run will add. */
import { objectSize } from '../../crypto/envelope.ts'
import { currentHolding, firstSnapshotTime, holdingsByTime, type Holding } from '../../manifest/holdings.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { databasePrefix, hostsPrefix } from '../../vault/layout.ts'
import type { Vault } from '../../vault/vault.ts'
import type { HostChain } from '../backup/hostChain.ts'
import { nothing, oneObject, smallSize, sum, type Amount } from './amounts.ts'
import type { VaultAmounts, VaultRequests } from './cost.ts'
import type { FindingsBook } from './findings.ts'
import { growthOf, type Addition, type Growth } from './growth.ts'
import { indexRequests } from './indexRequests.ts'
import { measuredRate } from './measuredRate.ts'
import { sumRequests } from './requests.ts'
import { UploadForecast, uploadWayOf } from './uploads.ts'

/** Amounts and requests, before they are priced. */
export interface Survey {
  /** What lies in the vault now. */
  stored: VaultAmounts
  /** What the run will add. */
  added: VaultAmounts
  /** What the run will ask for. */
  requests: VaultRequests
  /** What a whole restore will read after it. */
  restored: Amount
  /** Undefined as long as the vault is too young to tell. */
  growth: { content: Growth; index: Growth } | undefined
  /** Bytes a second at which the vault was read lately; undefined when nothing tells. */
  readRate: number | undefined
}

const measure = { objectSize, smallSize }

/**
 * Surveys a vault for the run that would store what a book has. Costs a few listings of the vault's index.
 * @param withDump whether the run dumps the database as well: it is taken to be as large as the last dump.
 */
export async function survey(
  { vault, chain }: { vault: Vault; chain: HostChain },
  book: FindingsBook,
  { withDump, now, signal }: CallOptions & { withDump: boolean; now: Date },
): Promise<Survey> {
  const way = uploadWayOf(vault.storage, !vault.writeOnly)
  const uploads = new UploadForecast(way)
  for (const size of book.sizes()) uploads.add(size)
  uploads.end()
  const { content: added, requests } = uploads
  const { db } = chain.manifest
  const contents = holdingsByTime(db, measure).map(({ since, ...holding }) => ({
    at: since ?? now,
    amount: amountOf(holding),
  }))
  const index = await listIndex(vault, { signal })
  const lastDump = withDump ? (index.dumps.at(-1)?.amount ?? nothing) : undefined
  const first = firstSnapshotTime(db)
  const content = growthOf([...contents, { at: now, amount: added }], first, now)
  const dumps = growthOf(index.dumps, first, now)
  const indexRun = indexRequests(way, { content: added, hasNews: book.hasNews, dump: lastDump })
  return {
    stored: { content: sum(...contents.map(({ amount }) => amount)), index: index.all },
    added: { content: added, index: lastDump ?? nothing },
    requests: { content: requests.content, index: sumRequests(requests.index, indexRun) },
    restored: sum(amountOf(currentHolding(db, measure)), added),
    growth: content && dumps && { content, index: dumps },
    readRate: await measuredRate(vault, { signal }),
  }
}

function amountOf({ objects, bytes, smallObjects, smallBytes }: Holding): Amount {
  return { objects, bytes, small: { objects: smallObjects, bytes: smallBytes } }
}

/** All manifests, records and dumps; the dumps by their times, the oldest first. */
async function listIndex(vault: Vault, options: CallOptions): Promise<{ all: Amount; dumps: Addition[] }> {
  let all = nothing
  const dumps: Addition[] = []
  for await (const { size } of vault.storage.list(hostsPrefix, options)) all = sum(all, oneObject(size))
  for await (const { key, size } of vault.storage.list(databasePrefix, options)) {
    const amount = oneObject(size)
    all = sum(all, amount)
    const at = timeInKey(key)
    if (at) dumps.push({ at, amount })
  }
  return { all, dumps }
}

/** The time in `database/20260720T020000Z-...` */
function timeInKey(key: string): Date | undefined {
  const [, year, month, day, hour, minute, second] =
    /^\w+\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(key) ?? []
  if (second === undefined) return undefined
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}
