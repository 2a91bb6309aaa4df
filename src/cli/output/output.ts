import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { errorCode, UserError } from '../../shared/errors.ts'
import { describeError } from './errors.ts'
import { Progress } from './progress.ts'
import { Screen } from './screen.ts'

/** A stream that may be a terminal. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number }

/** How a text is dressed; see `util.styleText`. Plain where the stream is no terminal, or NO_COLOR is set. */
export type Style = (format: Parameters<typeof styleText>[0], text: string) => string

/** Where a stream is no terminal, or does not tell its width. */
export const usualColumns = 80

/**
 * What a command writes. Results go to stdout, everything else to stderr. A reader that goes away (`| head`) is no
 * error: what it does not want to see is not written, and the command ends as it would have.
 */
export class Output {
  /** Results are JSON. */
  json = false
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #gone = new Set<OutputStream>()
  #progress: Progress | undefined

  constructor({ stdout, stderr }: { stdout: OutputStream; stderr: OutputStream }) {
    this.#stdout = stdout
    this.#stderr = stderr
    for (const stream of [stdout, stderr]) {
      stream.on('error', (error) => {
        if (errorCode(error) !== 'EPIPE') throw error
        this.#gone.add(stream)
      })
    }
  }

  /** Whether a run tells what happens to a log: stdout is no terminal, and no document was asked for. */
  get toLog(): boolean {
    return !this.json && this.#stdout.isTTY !== true
  }

  /** Columns of the terminal for results, at least 40; Infinity where it is none. */
  get columns(): number {
    return this.#stdout.isTTY ? Math.max(40, this.#stdout.columns ?? usualColumns) : Infinity
  }

  /**
   * The command's result: with --json the document, which other programs rely on, else the text.
   * @param render makes the text, without a newline at its end.
   */
  result(document: unknown, render: (style: Style) => string): void {
    this.line(this.json ? JSON.stringify(document, null, 2) : render(styleFor(this.#stdout)))
  }

  /** One more line of a result that is too long to be held in memory. */
  line(text: string): void {
    this.#write(this.#stdout, `${text}\n`)
  }

  /** Something that the reader should know, and that is no result. */
  note(text: string): void {
    this.#write(this.#stderr, `${text}\n`)
  }

  /** Something that may be wrong. */
  warn(text: string): void {
    this.note(`${styleFor(this.#stderr)('yellow', 'warning:')} ${text}`)
  }

  /** Tells an error and gives the exit code that belongs to it. */
  fail(error: unknown): number {
    const { message, detail, exitCode } = describeError(error)
    this.note(`${styleFor(this.#stderr)('red', 'error:')} ${message}`)
    if (detail !== '') this.note(detail)
    return exitCode
  }

  /**
   * The whole terminal, to draw on until it is disposed of.
   * @throws UserError where results do not go to a terminal.
   */
  openScreen(): Screen {
    if (this.#stdout.isTTY && !this.json) return new Screen(this.#stdout, styleFor(this.#stdout))
    throw new UserError('this can only be watched at a terminal, and not with --json', {
      hint: 'Run the command without --watch, as often as you like.',
    })
  }

  /**
   * Shows how far a job is until the result is disposed of. There is one at a time.
   * @param sparse where there is no terminal, a line is added now and then.
   */
  startProgress({ sparse = true } = {}): Progress & Disposable {
    const live = this.#stderr.isTTY === true
    const progress = new Progress({
      write: live || sparse ? (text) => this.#writeRaw(this.#stderr, text) : () => undefined,
      live,
      columns: this.#stderr.columns ?? usualColumns,
      now: () => performance.now(),
    })
    this.#progress = progress
    return Object.assign(progress, {
      [Symbol.dispose]: () => {
        progress.clear()
        this.#progress = undefined
      },
    })
  }

  #write(stream: OutputStream, text: string): void {
    this.#progress?.clear()
    this.#writeRaw(stream, text)
  }

  #writeRaw(stream: OutputStream, text: string): void {
    if (!this.#gone.has(stream)) stream.write(text)
  }
}

function styleFor(stream: OutputStream): Style {
  return (format, text) => styleText(format, text, { stream })
}
