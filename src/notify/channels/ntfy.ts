import { UserError } from '../../shared/errors.ts'
import type { Patience } from '../../shared/patience.ts'
import { post } from '../../shared/post.ts'
import type { Message, Severity } from '../message.ts'
import type { NtfyOptions } from '../options.ts'
import { cut } from './cut.ts'

/** Of 4096 bytes; a longer message would become an attachment. */
const longestText = 3500

/** 3 is usual, 4 makes more noise. @see https://docs.ntfy.sh/publish/#message-priority */
const priorities: Record<Severity, number> = { bad: 4, warning: 3, good: 2 }
/** Names of emojis, which ntfy puts before the title. */
const tags: Record<Severity, string> = { bad: 'rotating_light', warning: 'warning', good: 'white_check_mark' }

/**
 * Publishes a message to a topic, as JSON, because headers hold no UTF-8.
 * @see https://docs.ntfy.sh/publish/#publish-as-json
 * @throws as {@link post}.
 */
export async function sendNtfy(
  { url, token }: NtfyOptions,
  { subject, text, severity }: Message,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const { server, topic } = placeOf(url)
  const body = JSON.stringify({
    topic,
    title: subject,
    message: cut(text, longestText),
    priority: priorities[severity],
    tags: [tags[severity]],
  })
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  await post({ url: server, headers, body }, patience, signal)
}

/** JSON goes to the server itself, and names the topic. */
function placeOf(url: string): { server: string; topic: string } {
  const server = URL.parse(url)
  const topic = server?.pathname.split('/').at(-1) ?? ''
  if (server === null || topic === '') {
    throw new UserError('the URL of a topic has the form https://ntfy.sh/TOPIC')
  }
  server.pathname = server.pathname.slice(0, -topic.length)
  return { server: server.href, topic: decodeURIComponent(topic) }
}
