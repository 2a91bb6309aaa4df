import { PassThrough, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { runProgram } from '../../../src/cli/program.ts'
import type { Ended } from '../safelight.ts'

/** What is waited for, and what is typed then, or done. */
export type Step = readonly [waitedFor: string, typed: string | ((shown: string) => string | Promise<string>)]

export const enter = '\r'
export const controlC = '\u0003'
/** Clears what stands there already. */
export const clear = '\u0015'

const patienceMs = 100_000

/**
 * Runs `safelight ARGS` in this process, at a terminal at which somebody types. Each step waits for what is shown after
 * the one before.
 * @throws Error when a step's text never came.
 */
export async function typeInto(
  args: readonly string[],
  { cwd, env, steps }: { cwd: string; env: Record<string, string>; steps: readonly Step[] },
): Promise<Ended> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin })
  const waiting = [...steps]
  const screen = new Screen((shown) => {
    const [next] = waiting
    if (!next || !shown.includes(next[0])) return false
    waiting.shift()
    const [, typed] = next
    // A person types once the question stands there.
    setTimeout(() => {
      void Promise.resolve(typeof typed === 'string' ? typed : typed(shown)).then((keys) => stdin.write(keys))
    }, 20)
    return true
  })
  const stdout = new Screen(() => false)
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  const exitCode = await runProgram(args, {
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    cwd,
    stdin,
    stdout,
    stderr: screen,
    // A question that never comes is told, and not waited for.
    signal: patience.signal,
  })
  clearTimeout(timer)
  const [left] = waiting
  if (left) throw new Error(`"${left[0]}" was never shown, but this: ${screen.text}`)
  return { exitCode, stdout: stdout.text, stderr: screen.text }
}

/** What was shown, without the codes that place it. */
class Screen extends Writable {
  readonly isTTY = true
  readonly columns = 80
  readonly rows = 40
  text = ''
  #seen = 0
  readonly #look: (since: string) => boolean

  constructor(look: (since: string) => boolean) {
    super()
    this.#look = look
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += stripVTControlCharacters(chunk.toString())
    if (this.#look(this.text.slice(this.#seen))) this.#seen = this.text.length
    done()
  }
}
