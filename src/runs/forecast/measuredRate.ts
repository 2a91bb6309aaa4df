import { AccessDeniedError } from '../../storage/errors.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { Vault } from '../../vault/vault.ts'
import { failureOf } from '../read/outcome.ts'
import { listVerifications, readVerification } from '../verify/document.ts'

/** Fewer bytes tell of the latency, and not of the rate. */
const leastBytes = 64 * 1024 * 1024
const documentsRead = 3

/**
 * How fast a vault was read lately, in bytes a second: by a verification that read objects back. One listing, and a
 * read or a few.
 * @returns undefined when no late verification read enough, or they may not be read.
 */
export async function measuredRate(vault: Vault, options: CallOptions): Promise<number | undefined> {
  try {
    const keys = await listVerifications(vault, options)
    for (const key of keys.slice(0, documentsRead)) {
      const rate = await rateOf(vault, key, options)
      if (rate !== undefined) return rate
    }
    return undefined
  } catch (error) {
    if (error instanceof AccessDeniedError) return undefined
    throw error
  }
}

async function rateOf(vault: Vault, key: string, options: CallOptions): Promise<number | undefined> {
  try {
    const document = await readVerification(vault, key, options)
    if (!document || document.level === 'list' || document.checkedBytes < leastBytes) return undefined
    const seconds = (Date.parse(document.finished) - Date.parse(document.started)) / 1000
    return seconds > 0 ? document.checkedBytes / seconds : undefined
  } catch (error) {
    // What is wrong with it is for the next verification to tell. One of another version has other fields.
    if (!(error instanceof Error && error.name === 'ZodError')) failureOf(error)
    return undefined
  }
}
