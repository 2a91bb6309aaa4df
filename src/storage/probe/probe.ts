/*
 * Finds out how a destination is really set up, by trying: what a provider says of itself, and what its owner
 * believes to have configured, are two other things. It needs no vault, and touches no object but its own.
 */
import { errorMessage, UserError } from '../../shared/errors.ts'
import { AccessDeniedError, StorageError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import type { TrialVerdict } from '../trial.ts'
import { tryClock } from './clock.ts'
import { tryCreateOnly, tryCreateOnlyLarge } from './createOnly.ts'
import { tryCredentials } from './credentials.ts'
import type { Finding } from './finding.ts'
import { tryLargeObject } from './largeObject.ts'
import { lookForLeftovers } from './leftovers.ts'
import { tryListing } from './listing.ts'
import { removeOwnObjects } from './ownObjects.ts'
import { tryRemoving, tryReplacing, tryVersions } from './permissions.ts'
import { tryRanges } from './ranges.ts'
import { newSite, type Site } from './site.ts'
import { measureSpeed } from './speed.ts'

interface Step {
  what: string
  try: (site: Site) => Promise<TrialVerdict>
}

const firstSteps: readonly Step[] = [
  { what: 'create-only', try: tryCreateOnly },
  { what: 'large objects', try: tryLargeObject },
  { what: 'create-only, large', try: tryCreateOnlyLarge },
  { what: 'ranges', try: tryRanges },
  { what: 'listing', try: tryListing },
  { what: 'clock', try: tryClock },
  { what: 'deleting', try: tryRemoving },
  { what: 'replacing', try: tryReplacing },
  { what: 'old versions', try: tryVersions },
]

/** Those after what only the backend itself knows to try. */
const lastSteps: readonly Step[] = [
  { what: 'speed', try: measureSpeed },
  { what: 'leftovers', try: lookForLeftovers },
  { what: 'own objects', try: removeOwnObjects },
]

export interface ProbeOptions {
  now: () => Date
  /** Milliseconds since any one moment. */
  clock: () => number
  signal: AbortSignal | undefined
}

/**
 * Probes a storage, step by step, and at the end removes what it stored, where that is allowed.
 * @throws the signal's reason once it aborts. What is wrong with the storage is a finding.
 */
export async function* probe(
  storage: Storage,
  options: ProbeOptions,
): AsyncGenerator<Finding, void, undefined> {
  const site = newSite(storage, options)
  const credentials = await credentialsOf(site)
  yield credentials
  if (credentials.result === 'bad') return
  const ownSteps = storage.trial?.steps ?? []
  for (const step of [...firstSteps, ...ownSteps, ...lastSteps]) yield await finding(step, site)
}

/** Nothing else can be tried when not even this works. */
async function credentialsOf(site: Site): Promise<Finding> {
  const what = 'credentials'
  try {
    return { what, ...(await tryCredentials(site)) }
  } catch (error) {
    site.call.signal?.throwIfAborted()
    return { what, ...failure(error) }
  }
}

async function finding(step: Step, site: Site): Promise<Finding> {
  try {
    return { what: step.what, ...(await step.try(site)) }
  } catch (error) {
    site.call.signal?.throwIfAborted()
    const hidden = error instanceof AccessDeniedError || (error instanceof StorageError && error.transient)
    return { what: step.what, ...failure(error), ...(hidden && { result: 'unknown' }) }
  }
}

/** @throws errors that their reader can do nothing about: they are bugs. */
function failure(error: unknown): TrialVerdict {
  if (!(error instanceof UserError) && !isContractError(error)) throw error
  const remedy = error instanceof UserError ? error.hint : undefined
  return { result: 'bad', detail: errorMessage(error), remedy }
}

function isContractError(error: unknown): boolean {
  return error instanceof Error && ['ObjectExistsError', 'ObjectMissingError'].includes(error.name)
}
