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
  const terminal = options.stdin.isTTY === true
  return await answerTo(question, options, {
    output: terminal ? options.stderr : nowhere(),
    prompt: `${question}: `,
  })
}

/**
 * Asks for a secret: as {@link ask}, but what is typed does not show.
 * @throws UserError when the answer is empty.
 */
export async function askSecret(question: string, options: PromptOptions): Promise<string> {
  const terminal = options.stdin.isTTY === true
  if (terminal) options.stderr.write(`${question}: `)
  try {
    const answer = await answerTo(question, options, { output: nowhere(), prompt: '' })
    if (answer === '') throw new UserError(`the answer to "${question}" is empty`)
    return answer
  } finally {
    if (terminal) options.stderr.write('\n')
  }
}

/** @throws the signal's reason when it aborts, an AbortError for Ctrl-C, UserError when the input ends. */
async function answerTo(
  question: string,
  { stdin, signal }: PromptOptions,
  { output, prompt }: { output: Writable; prompt: string },
): Promise<string> {
  const interrupted = new AbortController()
  const stop = AbortSignal.any([signal, interrupted.signal])
  const lines = createInterface({ input: stdin, output, terminal: stdin.isTTY === true })
  // In raw mode Ctrl-C arrives as a key, and no signal is sent.
  lines.on('SIGINT', () => interrupted.abort())
  lines.on('close', () => interrupted.abort(new UserError(`no answer was given to: ${question}`)))
  try {
    return await lines.question(prompt, { signal: stop })
  } catch (error) {
    stop.throwIfAborted()
    throw error
  } finally {
    lines.close()
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
