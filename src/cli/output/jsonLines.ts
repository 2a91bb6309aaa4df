import { pino } from 'pino'
import type { StoryTeller } from './story.ts'

/** Tells a story as JSON lines, for whatever collects a container's log. */
export function jsonLines(write: (text: string) => void, now: () => Date): StoryTeller {
  const log = pino(
    {
      base: null,
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  )
  return ({ level, text, facts = {} }) => {
    const [first = ''] = text.split('\n')
    log[level](facts, first)
  }
}
