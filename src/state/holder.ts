import { exitCodes, UserError } from '../shared/errors.ts'
import { formatTime } from '../shared/format.ts'
import { staleAfter } from './liveness.ts'
import type { Run } from './run.ts'

/** The process whose lock keeps a run from a destination. @param run what it wrote down of itself, if it did. */
export function heldError(
  destination: string,
  folder: string,
  run: Run | undefined,
  cause: unknown,
): UserError {
  const who = run === undefined ? '' : `: ${describe(run)}`
  return new UserError(`another run is using destination ${destination}${who}`, {
    hint: `It holds ${folder}; --force does not change that. Wait for it to end, or end it.`,
    exitCode: exitCodes.locked,
    cause,
  })
}

/** A run on another machine that was heard of lately. */
export function farAwayError(destination: string, run: Run): UserError {
  return new UserError(`another run is using destination ${destination}: ${describe(run)}`, {
    hint: `It was last heard of at ${formatTime(run.heartbeat)}, and counts as dead after ${formatTime(staleAfter(run))}. If that machine is surely gone, go on with --force.`,
    exitCode: exitCodes.locked,
  })
}

function describe({ program, machine, pid, started }: Run): string {
  return `${program}, process ${pid} on ${machine}, since ${formatTime(started)}`
}
