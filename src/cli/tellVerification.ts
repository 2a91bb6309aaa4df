import type { Destination } from '../config/config.ts'
import { measuredVerification } from '../runs/telling/measured.ts'
import {
  verificationKinds,
  verificationNews,
  type VerificationEnd,
} from '../runs/telling/verificationNews.ts'
import type { VerifyResult } from '../runs/verify/verification.ts'
import type { ExitCode } from '../shared/errors.ts'
import type { Context } from './context.ts'
import { lookAround } from './lookAround.ts'
import { destinationsMeant, knownDestination, tellerFor, type Teller } from './teller.ts'

/**
 * Does a verification, and tells its owner's channels and metrics how it ended.
 * @param name of the destination, where it was given.
 * @param work does it, and says what it found as soon as that is known.
 */
export async function tellVerification(
  context: Context,
  name: string | undefined,
  work: (ended: (result: VerifyResult) => void) => Promise<ExitCode>,
): Promise<ExitCode> {
  const teller = tellerFor(context)
  const [destination, second] =
    (teller && destinationsMeant(teller.config, name === undefined ? undefined : [name])) ?? []
  // What the command has to say about its arguments is for whoever typed them.
  if (!teller || !destination || second) return await work(() => undefined)
  let end: VerificationEnd | undefined
  await teller.unlessBroken(async () => await teller.start('verify-restore'))
  try {
    return await work((result) => (end = { destination: destination.name, result }))
  } catch (error) {
    end ??= { destination: destination.name, error }
    throw error
  } finally {
    await teller.unlessBroken(async () => await tellEnd(context, teller, destination, end))
  }
}

async function tellEnd(
  context: Context,
  teller: Teller,
  destination: Destination,
  end: VerificationEnd | undefined,
): Promise<void> {
  if (!end) return
  const { config } = teller
  const now = new Date()
  const { expectEveryMs } = knownDestination(config, destination)
  const measured = measuredVerification(end, expectEveryMs, config.host, now)
  if (!measured) return
  const { kinds, text } = verificationKinds(end)
  await Promise.all([
    teller.measure([measured]),
    teller.end('verify-restore', kinds, text),
    tellNews(context, teller, end, now),
  ])
}

async function tellNews(context: Context, teller: Teller, end: VerificationEnd, now: Date): Promise<void> {
  if (!teller.hasReaders) return
  const occasion = await teller.occasion(now)
  const created = end.result?.snapshot?.created
  const lastGood = new Map(created === undefined ? [] : [[end.destination, new Date(created)]])
  const seen = { others: teller.config.destinations, lastGood, previous: undefined }
  const news = await lookAround(context, teller, seen, occasion)
  await teller.tell([...verificationNews(end, occasion), ...news])
}
