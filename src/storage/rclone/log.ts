import { readFile } from 'node:fs/promises'

const linesTold = 5

/**
 * What rclone said last, to put behind an error's first sentence; empty when it said nothing.
 * @param secret is not in it.
 */
export async function lastLines(log: string, secret: string): Promise<string> {
  // The log is gone when the program is ending: there is nothing to tell then.
  const text = await readFile(log, 'utf8').catch(() => '')
  const lines = text.replaceAll(secret, '***').trim().split('\n').slice(-linesTold)
  return lines.join('') === '' ? '' : `; it said last: ${lines.map((line) => line.trim()).join(' | ')}`
}
