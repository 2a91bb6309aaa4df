import { sleep } from './abort.ts'
import { UserError } from './errors.ts'

/** How long to wait for somebody else's server, and how often to ask. */
export interface Patience {
  /** At most. */
  tries: number
  /** For one answer. */
  timeoutMs: number
  /** About so long before the second try; it doubles from one to the next. */
  firstDelayMs: number
  /** A server that asks for more is not asked again. */
  longestDelayMs: number
}

/** For a message that is worth a minute, and no more. */
export const usualPatience: Patience = {
  tries: 3,
  timeoutMs: 10_000,
  firstDelayMs: 1000,
  longestDelayMs: 30_000,
}

/** Why a server did not take something. */
export interface Refusal {
  /** For people, without a secret. */
  message: string
  /** Whether the same may be taken later. */
  temporary: boolean
  /** How long the server wants to be left alone. */
  delayMs?: number | undefined
}

/**
 * Tries until a server takes something, as long as that may help.
 * @param attempt one try; it gives why it was refused, or undefined when it was taken.
 * @throws UserError with the last refusal's message; the signal's reason.
 */
export async function untilTaken(
  attempt: () => Promise<Refusal | undefined>,
  { tries, firstDelayMs, longestDelayMs }: Patience,
  signal: AbortSignal,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    const refusal = await attempt()
    if (refusal === undefined) return
    const { message, temporary, delayMs = firstDelayMs * 2 ** (tried - 1) * (0.5 + Math.random()) } = refusal
    if (!temporary || tried >= tries || delayMs > longestDelayMs) throw new UserError(message)
    await sleep(delayMs, signal)
  }
}
