import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../shared/errors.ts'
import { writeWhole } from '../shared/files.ts'

const time = z.iso.datetime().transform((text) => new Date(text))

const alarmSchema = z.object({
  /** Since when it is so. */
  since: time,
  /** When it was told last; null as long as nobody could be told. */
  told: time.nullable(),
  /** What exactly: something else is told at once. */
  what: z.string(),
})

/** Something that is wrong, and has been since then. */
export type Alarm = z.infer<typeof alarmSchema>

/**
 * What is wrong, as far as this machine remembers: a small file for each alarm, which is there as long as that lasts. So
 * nobody is told the same every hour, and it is known what has become good again. Losing them does no harm.
 */
export class Alarms {
  readonly #folder: string

  /** @param folder those of one host; it need not exist yet. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The alarm of this name; undefined when there is none, or when what is noted can't be made out. */
  async get(name: string): Promise<Alarm | undefined> {
    try {
      return alarmSchema.parse(JSON.parse(await readFile(this.#file(name), 'utf8')))
    } catch (error) {
      const isUnreadable = error instanceof SyntaxError || error instanceof z.ZodError
      if (isUnreadable || errorCode(error) !== undefined) return undefined
      throw error
    }
  }

  /**
   * Notes an alarm, or that there is none of this name.
   * @throws a system error when the folder can't be written to.
   */
  async set(name: string, alarm: Alarm | undefined): Promise<void> {
    if (!alarm) return await rm(this.#file(name), { force: true })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeWhole(this.#file(name), `${JSON.stringify(alarm)}\n`, 0o600)
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`)
  }
}

/**
 * Whether an alarm is told now: when it is new, when it is about something else than before, and again after a while.
 * @param before what is remembered of it.
 */
export function isDue(before: Alarm | undefined, what: string, now: Date, repeatAfterMs: number): boolean {
  if (!before?.told || before.what !== what) return true
  return now.getTime() - before.told.getTime() >= repeatAfterMs
}
