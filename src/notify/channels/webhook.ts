import type { Patience } from '../../shared/patience.ts'
import { post } from '../../shared/post.ts'
import type { Message } from '../message.ts'
import type { WebhookOptions } from '../options.ts'

/** Posts a message to any server, in whatever form that wants it. @throws as {@link post}. */
export async function sendWebhook(
  { url, headers, template }: WebhookOptions,
  message: Message,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const isText = typeof template === 'string'
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json'
  const body = isText ? filled(template, message) : JSON.stringify(filledIn(template ?? message, message))
  await post({ url, headers: { 'content-type': type, ...headers }, body }, patience, signal)
}

/** A value in whose texts every placeholder is replaced: so the message can't break out of its place in the JSON. */
function filledIn(value: unknown, message: Message): unknown {
  if (typeof value === 'string') return value === '' ? value : filled(value, message)
  if (Array.isArray(value)) return value.map((item) => filledIn(item, message))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner, message)]))
}

/** Braces with anything else between them stay as they are. */
function filled(template: string, message: Message): string {
  const values: Record<string, string> = {
    event: message.kind,
    severity: message.severity,
    host: message.host,
    destinations: message.destinations.join(', '),
    subject: message.subject,
    text: message.text,
  }
  return template.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all)
}
