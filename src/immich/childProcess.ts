import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { errorMessage, UserError } from '../shared/errors.ts'

const stderrKept = 4096
const patienceMs = 5000

/** One run of a command line tool, which never outlives the signal. */
export class ChildProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly #path: string
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #signal: AbortSignal
  readonly #stopOnAbort: () => void
  /** How it ended, in words; undefined for success. Never rejects. */
  readonly #failure: Promise<{ message: string; temporary: boolean } | undefined>
  #stderr = ''

  /** @param environment the whole of it; nothing of this process's own is handed on. */
  constructor(
    path: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) {
    signal.throwIfAborted()
    this.#path = path
    this.#signal = signal
    this.#child = spawn(path, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
    this.stdin = this.#child.stdin
    this.stdout = this.#child.stdout
    // That the pipe broke says only that the tool has ended; `succeeded` says why.
    this.stdin.on('error', () => undefined)
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrKept)
    })
    this.#stopOnAbort = () => void this.stop()
    signal.addEventListener('abort', this.#stopOnAbort, { once: true })
    this.#failure = new Promise((resolve) => {
      this.#child.once('error', (error) =>
        resolve({ message: `could not be started: ${errorMessage(error)}`, temporary: false }),
      )
      this.#child.once('close', (code, killedBy) => {
        signal.removeEventListener('abort', this.#stopOnAbort)
        const message = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`
        // Mostly it is the server that went away, or a table that stayed locked.
        resolve(code === 0 ? undefined : { message, temporary: true })
      })
    })
  }

  /**
   * Waits for its end.
   * @throws UserError with what it wrote to stderr, unless it ended well; the signal's reason.
   */
  async succeeded(): Promise<void> {
    const failure = await this.#failure
    this.#signal.throwIfAborted()
    if (failure === undefined) return
    const said = this.#stderr.trim()
    const { message, temporary } = failure
    throw new UserError(`${basename(this.#path)} ${message}${said === '' ? '' : `: ${said}`}`, { temporary })
  }

  /** Ends it if it still runs, with force after 5 seconds, and waits until it is gone. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
    this.#child.stdout.destroy()
    await this.#failure
    clearTimeout(impatience)
  }
}
