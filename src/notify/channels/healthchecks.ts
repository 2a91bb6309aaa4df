import { UserError } from '../../shared/errors.ts'
import type { Patience } from '../../shared/patience.ts'
import { post } from '../../shared/post.ts'
import type { HealthchecksOptions } from '../options.ts'
import { cut } from './cut.ts'

/** Paths below a check's URL. `log` changes nothing about the check. */
const paths = { start: '/start', success: '', failure: '/fail', log: '/log' } as const
export type Ping = keyof typeof paths

/** Healthchecks keeps so much of a ping's body. */
const longestText = 10_000

/**
 * Tells a check that a run begins, or how it ended. That nothing comes any more, the check notices by itself: so also a
 * machine that is gone is told of.
 * @see https://healthchecks.io/docs/http_api/
 * @throws as {@link post}.
 */
export async function sendPing(
  { url }: HealthchecksOptions,
  ping: Ping,
  text: string,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const place = URL.parse(url)
  if (place === null) throw new UserError('what it has is no http or https URL')
  place.pathname = place.pathname.replace(/\/$/, '') + paths[ping]
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  await post({ url: place.href, headers, body: cut(text, longestText) }, patience, signal)
}
