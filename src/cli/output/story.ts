import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '../../shared/errors.ts'
import { formatTime } from '../../shared/format.ts'

export type StoryLevel = 'info' | 'warn' | 'error'

/** One thing that happened in a run. */
export interface StoryLine {
  level: StoryLevel
  /** For people; may have several lines. */
  text: string
  /** The same for programs. */
  facts?: object | undefined
  /** Whether the person at the terminal should read it meanwhile. */
  aloud?: boolean
}

export type StoryTeller = (line: StoryLine) => void

/** Name of the story of the last run, in the state folder. */
const storyName = 'backup.log'

/**
 * The story of the last run, in a file for people to read. It takes the place of the one before only once it has begun:
 * a run that is refused, because another one has everything, leaves that one's story alone.
 */
export class StoryFile implements Disposable {
  readonly #path: string
  readonly #now: () => Date
  readonly #onTrouble: (message: string) => void
  #waiting: string[] | undefined = []
  #file: number | undefined
  #isBroken = false

  /** @param onTrouble is called once, when the file can't be written; the run goes on. */
  constructor(folder: string, now: () => Date, onTrouble: (message: string) => void) {
    this.#path = join(folder, storyName)
    this.#now = now
    this.#onTrouble = onTrouble
  }

  tell({ level, text }: StoryLine): void {
    const time = formatTime(this.#now())
    const label = level === 'info' ? '' : `${level}: `
    const line = `${time}  ${label}${text.replaceAll('\n', '\n  ')}\n`
    if (this.#waiting) this.#waiting.push(line)
    else this.#write(line)
  }

  /** From now on it is this run's. */
  begin(): void {
    if (!this.#waiting) return
    const lines = this.#waiting
    this.#waiting = undefined
    this.#attempt(() => {
      // Another run may still be writing into the one that is there: then it keeps that, without a name.
      rmSync(this.#path, { force: true })
      this.#file = openSync(this.#path, 'wx', 0o600)
    })
    this.#write(lines.join(''))
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #write(text: string): void {
    const file = this.#file
    if (file !== undefined && !this.#isBroken) this.#attempt(() => writeSync(file, text))
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#isBroken = true
      this.#onTrouble(`${this.#path} can't be written: ${errorMessage(error)}`)
    }
  }
}
