import { exitCodes, UserError } from '../../../shared/errors.ts'
import { recordName, type StoredRecord } from '../../../vault/snapshots.ts'
import { backup } from '../backup.ts'
import { BackupEnds } from '../backupEnds.ts'
import { exitCodeWith } from '../exitCode.ts'
import type { BackupDestination, BackupEnd, BackupPlan, BackupResult } from '../plan.ts'
import { Tally } from '../tally.ts'
import type { Part } from './part.ts'
import { partsStanding, type PartsStanding } from './standing.ts'

/** A destination, and how far the parts are there. */
interface Place {
  destination: BackupDestination
  standing: PartsStanding & { location: string }
}

/** A part may come so late after its snapshot was made, in milliseconds. */
const latestMs = 12 * 60 * 60_000

/**
 * Takes one part of a backup that several machines take together, each with a state directory of its own. Whoever sees
 * that all parts are done makes the snapshot of them: takes over what they have done, and then backs up as ever, which
 * finds all of it as the manifest says. See docs/design.md, "A backup in parts".
 * @returns the ends, in the order of the destinations.
 */
export async function backupPart(
  plan: BackupPlan & { part: Part },
  destinations: readonly BackupDestination[],
): Promise<BackupEnd[]> {
  const ends = new BackupEnds(plan.onEnd)
  const { tell } = ends
  const begun = await placesOf(plan, destinations, tell)
  const undone = begun.filter(({ standing }) => !standing.joined && !standing.done[plan.part.index])
  const parts = await backup(
    { ...plan, onEnd: undefined },
    undone.map(({ destination }) => destination),
  )
  for (const end of parts) if (!end.result) tell(end)
  const done = begun.filter(({ destination }) => !ends.has(destination))
  for (const { destination } of done) {
    const own = parts.find((end) => end.destination === destination.name)?.result
    tell(await endOf(plan, destination, own))
  }
  return ends.of(destinations)
}

/** Looks at all destinations; tells the end of those that can't be looked at. */
async function placesOf(
  plan: BackupPlan & { part: Part },
  destinations: readonly BackupDestination[],
  tell: (end: BackupEnd) => void,
): Promise<Place[]> {
  const places = await Promise.all(
    destinations.map(async (destination) => {
      try {
        const standing = await lookAt(plan, destination)
        refuseFormerName(plan, standing.joined)
        return [{ destination, standing }]
      } catch (error) {
        tell({ destination: destination.name, error })
        return []
      }
    }),
  )
  return places.flat()
}

/** A part that comes late finds the snapshot of its job; so would a backup that took the name of a former one. */
function refuseFormerName(
  { part: { job }, now }: BackupPlan & { part: Part },
  joined: StoredRecord | undefined,
): void {
  if (!joined) return
  const { record } = joined
  if (now().getTime() - Date.parse(record.created) <= latestMs) return
  throw new UserError(
    `the job ${job} has become snapshot ${recordName(record)} already, at ${record.created}`,
    { hint: 'Each backup in parts needs a name that none had before, as the date: --job 2026-11-21.' },
  )
}

async function lookAt(
  { host, part, signal }: BackupPlan & { part: Part },
  destination: BackupDestination,
): Promise<Place['standing']> {
  await using opened = await destination.open()
  const { vault } = opened
  return { ...(await partsStanding(vault, host, part, { signal })), location: vault.storage.location }
}

/** The end at a destination where the part is done. */
async function endOf(
  plan: BackupPlan & { part: Part },
  destination: BackupDestination,
  own: BackupResult | undefined,
): Promise<BackupEnd> {
  const { name } = destination
  try {
    const { joined, done: listed, location } = await lookAt(plan, destination)
    if (joined) return { destination: name, result: joinedElsewhere(joined, location) }
    // What this run has just committed is there, whatever a listing shows.
    const all = listed.with(plan.part.index, own?.part?.record ?? listed[plan.part.index])
    const done = all.filter((record) => record !== undefined)
    if (done.length < all.length)
      return { destination: name, result: unjoined(plan.part, { all, location }, own) }
    const join = { job: plan.part.job, parts: done }
    const joining = { ...plan, part: undefined, database: undefined, onEnd: undefined, join }
    const [end] = await backup(joining, [destination])
    return end ?? { destination: name, error: new Error('the backup told no end') }
  } catch (error) {
    return { destination: name, error }
  }
}

/** The end of a part while others are not done. */
function unjoined(
  { index }: Part,
  { all, location }: { all: PartsStanding['done']; location: string },
  own: BackupResult | undefined,
): BackupResult {
  const record = all[index]
  if (!record) throw new Error('the part that was just done is not there')
  const missing = all.flatMap((other, i) => (other ? [] : [i]))
  const facts = own ?? factsOf(record, location)
  return {
    ...facts,
    exitCode: exitCodes.done,
    snapshot: undefined,
    dryRun: undefined,
    part: { record, missing },
  }
}

/** The end of a part whose snapshot another one has made. */
function joinedElsewhere(snapshot: StoredRecord, location: string): BackupResult {
  return { ...factsOf(snapshot, location), exitCode: exitCodeWith(snapshot.record), snapshot }
}

function factsOf({ record: { changes, warnings } }: StoredRecord, location: string) {
  const tally = new Tally()
  tally.takeOver({ changes, mismatched: 0 })
  return { location, tally, toRead: { files: 0, bytes: 0 }, warnings: [...warnings] }
}
