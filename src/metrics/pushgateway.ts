import type { Patience } from '../shared/patience.ts'
import { post } from '../shared/post.ts'
import { contentType, exposition } from './exposition.ts'
import type { Measured } from './metrics.ts'

/**
 * Pushes what was measured to a Pushgateway, a group for each destination. A POST replaces only the metrics that it has,
 * so what this run did not measure stays.
 * @see https://github.com/prometheus/pushgateway#post-method
 * @throws as {@link post}.
 */
export async function push(
  gateway: string,
  measured: readonly Measured[],
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  for (const each of measured) {
    const url = new URL(gateway)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/metrics/job/safelight/host/${each.host}/destination/${each.destination}`
    const headers = { 'content-type': contentType }
    await post({ url: url.href, headers, body: await exposition([each]) }, patience, signal)
  }
}
