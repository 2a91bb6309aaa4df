import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { errorCode } from '../shared/errors.ts'
import { writeWhole } from '../shared/files.ts'
import { eventKinds } from './event.ts'
import type { EventMessage } from './message.ts'

const messageSchema = z.object({
  kind: z.enum(eventKinds),
  severity: z.enum(['bad', 'warning', 'good']),
  host: z.string(),
  destinations: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
})

/** So many are kept, the newest ones. */
const mostKept = 20

/** Messages that nobody could be told, for the next run to try again. Losing them loses no more than a message. */
export class Untold {
  readonly #folder: string

  /** @param folder those of one host; it need not exist yet. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The oldest first; none where what is there can't be made out. */
  async messages(): Promise<EventMessage[]> {
    try {
      return z.array(messageSchema).parse(JSON.parse(await readFile(this.#file, 'utf8')))
    } catch (error) {
      const isUnreadable = error instanceof SyntaxError || error instanceof z.ZodError
      if (isUnreadable || errorCode(error) !== undefined) return []
      throw error
    }
  }

  /** Keeps these, and no others. @throws a system error when the folder can't be written to. */
  async keep(messages: readonly EventMessage[]): Promise<void> {
    if (messages.length === 0) return await rm(this.#file, { force: true })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeWhole(this.#file, `${JSON.stringify(messages.slice(-mostKept))}\n`, 0o600)
  }

  get #file(): string {
    return join(this.#folder, 'untold.json')
  }
}
