import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { start, type Workplace } from './running.ts'

/** Everything that commands show to others while they run. */
export class Watcher {
  readonly shown: string[] = []
  readonly #place: Workplace

  constructor(place: Workplace) {
    this.#place = place
  }

  /** Runs a command, and takes down what it prints, and the arguments of all its processes meanwhile. @returns its exit code. */
  async run(command: string, env: Record<string, string>): Promise<number | null> {
    const running = start(this.#place, command.split(' '), { env })
    const { pid } = running.child
    const watching = setInterval(() => this.shown.push(...argumentsBelow(pid)), 10)
    const { exitCode, stdout, stderr } = await running.ended
    clearInterval(watching)
    this.shown.push(stdout, stderr)
    return exitCode
  }

  /** What was seen, and the contents of every file of the working directory but the ones named. */
  everything({ but }: { but: readonly string[] }): string {
    const files = readdirSync(this.#place.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !but.includes(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    return [...this.shown, ...files].join('\n')
  }
}

/** A secret as it may turn up: as it is, line by line, in Base64, in a URL, in JSON. */
export function disguisesOf(secret: string): string[] {
  const plain = [
    secret,
    ...secret.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----')),
  ]
  return plain.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
  ])
}

/** The arguments of a process and of all that it started. */
function argumentsBelow(pid: number | undefined): string[] {
  if (pid === undefined) return []
  const children = readGone(`/proc/${pid}/task/${pid}/children`).split(' ')
  const below = children.filter((id) => id !== '').flatMap((id) => argumentsBelow(Number(id)))
  return [readGone(`/proc/${pid}/cmdline`), ...below]
}

/** A file's text; nothing where its process is gone. */
function readGone(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
