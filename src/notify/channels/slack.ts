import type { Patience } from '../../shared/patience.ts'
import { post } from '../../shared/post.ts'
import type { Message, Severity } from '../message.ts'
import type { SlackOptions } from '../options.ts'
import { cut } from './cut.ts'

/** Below it, Slack never cuts. */
const longestText = 3500

const emojis: Record<Severity, string> = {
  bad: ':rotating_light:',
  warning: ':warning:',
  good: ':white_check_mark:',
}

/** Posts a message to an incoming webhook of Slack, or of Mattermost, which takes the same. @throws as {@link post}. */
export async function sendSlack(
  { url }: SlackOptions,
  { subject, text, severity }: Message,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({
    text: `${emojis[severity]} *${escaped(subject)}*\n${escaped(cut(text, longestText))}`,
  })
  await post({ url, headers: { 'content-type': 'application/json' }, body }, patience, signal)
}

/** Without it `<!channel>` would call everybody. @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
