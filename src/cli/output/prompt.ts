import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Readable } from 'node:stream'
import { UserError } from '../../shared/errors.ts'

export interface PromptOptions {
  stdin: Readable & { isTTY?: boolean }
  stderr: Writable
  signal: AbortSignal
}

/** Asks a person at a terminal, and shows what is typed. @throws as {@link askSecret}. */
export async function ask(question: string, options: PromptOptions): Promise<string> {
  return await prompt(question, options, options.stderr)
}

/**
 * Asks for a secret. What is typed at a terminal does not show; where stdin is no terminal, its first line is taken.
 * @throws the signal's reason when it aborts, an AbortError for Ctrl-C, UserError when the input ends without an answer.
 */
export async function askSecret(question: string, options: PromptOptions): Promise<string> {
  return await prompt(question, options, new Writable({ write: (_chunk, _encoding, done) => done() }))
}

async function prompt(question: string, options: PromptOptions, echo: Writable): Promise<string> {
  const { stdin, stderr } = options
  const terminal = stdin.isTTY === true
  const interrupted = new AbortController()
  const signal = AbortSignal.any([options.signal, interrupted.signal])
  const lines = createInterface({ input: stdin, output: echo, terminal })
  // In raw mode Ctrl-C arrives as a key, and no signal is sent.
  lines.on('SIGINT', () => interrupted.abort())
  lines.on('close', () => interrupted.abort(new UserError(`no answer was given to: ${question}`)))
  try {
    if (terminal) stderr.write(`${question}: `)
    const answer = await lines.question('', { signal })
    if (answer === '') throw new UserError(`the answer to "${question}" is empty`)
    return answer
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
    if (terminal) stderr.write('\n')
  }
}
