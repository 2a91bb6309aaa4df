import { unlessAborted } from '../../shared/abort.ts'
import { errorCode, errorMessage, UserError } from '../../shared/errors.ts'
import type { Finding } from '../../storage/probe/finding.ts'

/** One part of a check, which ends by itself or is not waited for any longer. */
export interface Check {
  /** What a failure is a finding about, in one or two words. */
  what: string
  patienceMs: number
  look: (signal: AbortSignal) => AsyncIterable<Finding>
}

/**
 * What a part of a check finds. An error that its reader can do something about is a finding too, and so is silence.
 * @throws the signal's reason; errors that are bugs.
 */
export async function findingsOf({ what, patienceMs, look }: Check, signal: AbortSignal): Promise<Finding[]> {
  const enough = AbortSignal.timeout(patienceMs)
  const either = AbortSignal.any([signal, enough])
  const found: Finding[] = []
  const looking = async (): Promise<void> => {
    for await (const finding of look(either)) found.push(finding)
  }
  try {
    // A file system that hangs heeds no signal.
    await unlessAborted(looking(), either)
    return found
  } catch (error) {
    signal.throwIfAborted()
    const silence = { detail: `no answer within ${patienceMs / 1000} s`, remedy: silenceRemedy }
    return [...found, { what, result: 'bad', ...(enough.aborted ? silence : told(error)) }]
  }
}

const silenceRemedy = 'Look at the disk or the server that it waits for.'
const systemRemedy = 'See that the user who makes backups may look there, and that the disk works.'

function told(error: unknown): Pick<Finding, 'detail' | 'remedy'> {
  if (error instanceof UserError) return { detail: error.message, remedy: error.hint }
  if (errorCode(error) === undefined) throw error
  return { detail: errorMessage(error), remedy: systemRemedy }
}
