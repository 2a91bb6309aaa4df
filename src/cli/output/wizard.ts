import type { Readable } from 'node:stream'
import { styleText } from 'node:util'
import * as clack from '@clack/prompts'
import type { Dialogue, TypedQuestion, Voice } from '../setup/asker.ts'
import { type Output, type OutputStream, usualColumns } from './output.ts'
import { reflow } from './reflow.ts'

interface Terminal {
  stdin: Readable
  stderr: OutputStream
  signal: AbortSignal
}

/** Longer lines are hard to read. */
const widest = 100
/** The bar before each line, and a space at its end. */
const guideWidth = 4

/** A conversation at the terminal. Everything shows on stderr, so that stdout is the result's alone. */
export function terminalDialogue({ stdin, stderr, signal }: Terminal): Dialogue {
  const common = { input: stdin, output: stderr, signal }
  const width = Math.min(stderr.columns ?? usualColumns, widest) - guideWidth
  const wrapped = (text: string) => text.split('\n').flatMap((line) => reflow(line, width).split('\n'))
  const guide = styleText('gray', clack.S_BAR, { stream: stderr })
  const dim = (line: string) => styleText('dim', line, { stream: stderr })
  const answered = <T>(answer: T | typeof clack.CANCEL_SYMBOL): T => {
    signal.throwIfAborted()
    if (typeof answer === 'symbol') throw new DOMException('The person gave up', 'AbortError')
    return answer
  }
  const typed = ({ ask, help, problem }: TypedQuestion) => ({
    // The library draws its bar before the answer only.
    message: [ask, ...wrapped(help).map((line) => `${guide}  ${dim(line)}`)].join('\n'),
    validate: (answer: string | undefined) => {
      const wrong = problem((answer ?? '').trim())
      return wrong === undefined ? undefined : `It ${wrong}.`
    },
    ...common,
  })
  return {
    text: async (question) => {
      const offer = question.offer === '' ? {} : { initialValue: question.offer }
      return answered(await clack.text({ ...typed(question), ...offer })) ?? ''
    },
    secret: async (question) => answered(await clack.password(typed(question))) ?? '',
    choose: async ({ ask, help, choices, offer }) => {
      const message = [ask, ...(help === '' ? [] : wrapped(help).map(dim))].join('\n')
      const options = [...choices]
      return answered(await clack.select({ message, options, initialValue: offer, ...common }))
    },
    confirm: async ({ ask, offer }) =>
      answered(await clack.confirm({ message: ask, initialValue: offer, ...common })),
    tell: (text, title) => {
      if (title === undefined) clack.log.step(wrapped(text).join('\n'), common)
      else clack.note(text, title, { ...common, format: (line) => line })
    },
    show: (text) => stderr.write(`${guide}\n${text}\n`),
    warn: (text) => clack.log.warn(wrapped(text).join('\n'), common),
    working: async (what, job) => {
      // The library's spinner takes Ctrl-C for itself, and ends the process without any tidying up.
      clack.log.step(`${what} ...`, common)
      return await job()
    },
  }
}

/** For a program that nobody watches: the same on plain lines. */
export function plainVoice(output: Output): Voice {
  return {
    tell: (text, title) => output.note(title === undefined ? text : `\n${title}\n${text}\n`),
    warn: (text) => output.warn(text),
    show: (text) => output.note(text),
    working: async (what, job) => {
      output.note(`${what} ...`)
      return await job()
    },
  }
}
