import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ChildEnd, ChildTask } from './child.ts'
import type { Fixture } from './fixture.ts'

const childProgram = fileURLToPath(new URL('child.ts', import.meta.url))
/** What bin/safelight sets for the sake of memory. */
const heap = ['--max-semi-space-size=2', '--max-old-space-size=384']
const allocator = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
}
/** A checkpoint interval that never comes to its end. */
export const never = { ms: 1e12, bytes: 1e15 }

/** What a child needs to back up the media root of a fixture. */
export function taskFor(fixture: Fixture, wishes: Partial<ChildTask> = {}): ChildTask {
  const { identity, pin, storage, state } = fixture.vault
  const sources = fixture.sources('library', 'upload')
  return { identity: identity.identity, pin, storage, state, sources, checkpointEvery: never, ...wishes }
}

/**
 * Runs a backup in a process of its own.
 * @param moment from its begin on until it gets SIGKILL; without it, it runs to its end.
 * @returns how long it ran in milliseconds, whether it was killed before its end and, if not, what it says of itself.
 */
export async function runChild(
  task: ChildTask,
  moment?: (ended: AbortSignal) => Promise<void>,
): Promise<{ ms: number; killed: boolean; end: ChildEnd }> {
  const env = { ...process.env, ...allocator }
  const child = spawn(process.execPath, [...heap, childProgram], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new AbortController()
  const exited = once(child, 'exit').then(() => ended.abort())
  const errors = text(child.stderr)
  child.stdin.end(JSON.stringify(task))
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await output.next()
  const began = performance.now()
  if (moment) {
    await Promise.race([exited, moment(ended.signal)])
    child.kill('SIGKILL')
  }
  await exited
  const killed = child.signalCode === 'SIGKILL'
  if (!killed && child.exitCode !== 0) throw new Error(`the backup failed: ${await errors}`)
  const { value = '{}' } = (await output.next()) as { value?: string }
  return { ms: performance.now() - began, killed, end: JSON.parse(value) as ChildEnd }
}
