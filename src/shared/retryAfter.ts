/**
 * Milliseconds that a server asks to wait by its `Retry-After` header, a number of seconds or a date (RFC 9110, section
 * 10.2.3); undefined where it asks for none.
 */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (header === null || header === undefined) return undefined
  const ms = /^\d+(?:\.\d+)?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
