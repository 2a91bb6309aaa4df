import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { UserError } from '../../shared/errors.ts'

export interface PromptOptions {
  stdin: Readable & { isTTY?: boolean }
  stderr: Writable
  signal: AbortSignal
}

/** Asks a question at the terminal; where stdin is none, its first line is the answer. */
export async function ask(question: string, options: PromptOptions): Promise<string> {
  return await answerTo(question, options, { hidden: false })
}

/**
 * Asks for a secret: as {@link ask}, but what is typed does not show.
 * @throws UserError when the answer is empty.
 */
export async function askSecret(question: string, options: PromptOptions): Promise<string> {
  const answer = await answerTo(question, options, { hidden: true })
  if (answer === '') throw new UserError(`the answer to "${question}" is empty`)
  return answer
}

/** @throws the signal's reason when it aborts, an AbortError for Ctrl-C, UserError when the input ends. */
async function answerTo(
  question: string,
  { stdin, stderr, signal }: PromptOptions,
  { hidden }: { hidden: boolean },
): Promise<string> {
  const terminal = stdin.isTTY === true
  const output = terminal && !hidden ? stderr : nowhere()
  const interrupted = new AbortController()
  const stop = AbortSignal.any([signal, interrupted.signal])
  const lines = createInterface({ input: stdin, output, terminal })
  // In raw mode Ctrl-C arrives as a key, and no signal is sent.
  lines.on('SIGINT', () => interrupted.abort())
  lines.on('close', () => interrupted.abort(new UserError(`no answer was given to: ${question}`)))
  try {
    // Only now, when the terminal has stopped to echo: a person may type at once.
    if (terminal && hidden) stderr.write(`${question}: `)
    return await lines.question(`${question}: `, { signal: stop })
  } catch (error) {
    stop.throwIfAborted()
    throw error
  } finally {
    lines.close()
    if (terminal && hidden) stderr.write('\n')
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
