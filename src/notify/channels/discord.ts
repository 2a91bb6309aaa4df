import type { Patience } from '../../shared/patience.ts'
import { post } from '../../shared/post.ts'
import type { Message, Severity } from '../message.ts'
import type { DiscordOptions } from '../options.ts'
import { cut } from './cut.ts'

/** Characters that an embed may have. @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const longestTitle = 256
const longestText = 4096

const colours: Record<Severity, number> = { bad: 0xd32f2f, warning: 0xf9a825, good: 0x2e7d32 }

/** Posts a message to a channel's webhook, in which it mentions nobody, whatever its text. @throws as {@link post}. */
export async function sendDiscord(
  { url }: DiscordOptions,
  { subject, text, severity }: Message,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({
    username: 'Safelight',
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: cut(plain(subject), longestTitle),
        description: cut(plain(text), longestText),
        color: colours[severity],
      },
    ],
  })
  await post({ url, headers: { 'content-type': 'application/json' }, body }, patience, signal)
}

/** Text that shows as it is, and not as Markdown. */
function plain(text: string): string {
  return text.replace(/[\\*_~`|<>#[\]]/g, String.raw`\$&`)
}
