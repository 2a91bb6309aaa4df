import { spawnSync } from 'node:child_process'
import { errorCode, errorMessage } from '../shared/errors.ts'
import type { Variables } from './environment.ts'
import type { FoundSecret } from './secret.ts'

/** A person may have to unlock the app. */
const usualPatienceMs = 60_000
const longestMessage = 300

/**
 * Has 1Password's command-line tool read a secret. `op read` writes it to its output; in the process list stands only
 * the reference. It takes about a second, and may ask a person to unlock the app.
 * @param reference `op://vault/item/field`
 * @param variables the tool's environment, with what it signs in by.
 * @see https://developer.1password.com/docs/cli/reference/commands/read
 */
export function readFromOnePassword(
  reference: string,
  variables: Variables,
  patienceMs = usualPatienceMs,
): FoundSecret {
  const { error, status, stdout, stderr } = spawnSync('op', ['read', '--no-newline', reference], {
    env: { ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  })
  if (error !== undefined) return whyNotRun(error, patienceMs)
  if (status !== 0) return whyRefused(`does not give ${reference}`, stderr.toString('utf8'), variables)
  return stdout.length > 0 ? { bytes: stdout } : { problem: `1Password has nothing at ${reference}` }
}

/** What a failed call of op came to, for a person. */
export interface Refusal {
  problem: string
  hint?: string
}

/** Why op could not be run to its end. @param error what the call failed with. */
export function whyNotRun(error: Error, patienceMs: number): Refusal {
  const code = errorCode(error)
  if (code === 'ENOENT') {
    return {
      problem: "1Password's command-line tool, op, is not installed",
      hint: 'Get it from https://developer.1password.com/docs/cli',
    }
  }
  if (code === 'ETIMEDOUT') {
    return {
      problem: `1Password gave no answer for ${patienceMs / 1000} s`,
      hint: 'Its app may wait for somebody to unlock it.',
    }
  }
  return { problem: `1Password's command-line tool, op, can't be run: ${errorMessage(error)}` }
}

const signedOut =
  /signed in|sign in|no accounts? configured|authorization (?:prompt|timeout)|session expired/i

/**
 * Why op ended with an error.
 * @param what it did not do, to be read after "1Password".
 * @param stderr what it wrote there.
 */
export function whyRefused(what: string, stderr: string, variables: Variables): Refusal {
  const message = messageIn(withoutTokens(stderr, variables))
  if (!signedOut.test(stderr)) return { problem: `1Password ${what}: ${message}` }
  return {
    problem: `1Password is not signed in: ${message}`,
    hint: 'Sign in with: op signin. Where nobody can, set OP_SERVICE_ACCOUNT_TOKEN.',
  }
}

/** Of `[ERROR] 2026/11/21 09:05:22 could not read secret 'op://vault/item/field': "item" isn't an item` the end. */
function messageIn(stderr: string): string {
  const line = stderr.split('\n').find((each) => each.startsWith('[ERROR]')) ?? stderr.trim()
  const message = line
    .replace(/^\[ERROR\](?: [\d/]+ [\d:]+)? /, '')
    .replace(/^could not read secret '[^']*': /, '')
  return message === '' ? 'op says nothing' : message.slice(0, longestMessage)
}

/** What op signs in by is secret, too. */
function withoutTokens(text: string, variables: Variables): string {
  return Object.entries(variables)
    .filter(([name, value]) => name.startsWith('OP_') && value !== undefined && value.length >= 8)
    .reduce((clean, [name, value = '']) => clean.replaceAll(value, `[${name}]`), text)
}
