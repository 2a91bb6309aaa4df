/* Words that several messages have. */
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatTime } from '../../shared/format.ts'
import type { SnapshotFacts } from '../event.ts'

/** The three things that a person wants to know, each a paragraph. */
export interface Story {
  happened: readonly string[]
  safe: readonly string[]
  /** Nothing where there is nothing to do. */
  todo: readonly string[]
}

/** A message's text. */
export function story({ happened, safe, todo }: Story): string {
  const parts: [string, readonly string[]][] = [
    ['What happened', happened],
    ['What is safe', safe],
    ['What to do', todo.length > 0 ? todo : ['Nothing.']],
  ]
  return parts.map(([title, lines]) => `${title}:\n${lines.join('\n')}`).join('\n\n')
}

/** `photo backup`, or `photo backup of attic`: hosts are only named where somebody gave them a name. */
export function photoBackup(host: string): string {
  return host === 'main' ? 'photo backup' : `photo backup of ${host}`
}

/** `disk`, `disk and cloud`, `disk, cloud and friend` */
export function listOf(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${last}` : last
}

/** `Snapshot 7-0123456789abcdef of 2026-11-21 03:17:04 UTC has 1,204 files, 51.4 GiB.` */
export function snapshotLine({ name, created, files, bytes }: SnapshotFacts): string {
  return `Snapshot ${name} of ${formatTime(created)} has ${formatNumberOf(files, 'file')}, ${formatBytes(bytes)}.`
}

/** `2026-11-20 03:17:04 UTC, 1 d 00 h ago` */
export function withAge(time: Date, now: Date): string {
  return `${formatTime(time)}, ${formatDuration(now.getTime() - time.getTime())} ago`
}

/** `30 hours`, `3 days`: short enough for a subject. */
export function roughly(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  return hours < 48 ? formatNumberOf(hours, 'hour') : `${formatCount(Math.floor(hours / 24))} days`
}

/** Items with the same text told together: what fails everywhere is told once. */
export function together<T extends { destination: string }>(
  items: readonly T[],
  textOf: (item: T) => string,
): { destinations: string[]; text: string }[] {
  const groups = Map.groupBy(items, textOf)
  return Array.from(groups, ([text, group]) => ({
    destinations: group.map(({ destination }) => destination),
    text,
  }))
}

/** A text of one or several lines, under its beginning. */
export function under(beginning: string, text: string): string {
  return text.includes('\n') ? `${beginning}:\n  ${text.replaceAll('\n', '\n  ')}` : `${beginning}: ${text}`
}
