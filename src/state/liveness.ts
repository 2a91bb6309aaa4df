import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Where a process runs. */
export interface Machine {
  /** Its host name; in a container, the container's. */
  name: string
  /** Differs after each start of the kernel, and is the same in all containers on one. */
  bootId: string
}

/** What tells whether a run is still going on. */
export interface Pulse extends Pick<Machine, 'bootId'> {
  machine: string
  heartbeat: Date
  /** Milliseconds between two heartbeats, as that run was configured. */
  intervalMs: number
}

/** A run that has missed one heartbeat, or two, may only be busy. */
const beatsMissed = 3

/** This machine, from proc_sys_kernel(5). */
export function thisMachine(): Machine {
  return { name: hostname(), bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() }
}

/**
 * Whether a run that says of itself that it runs is to be believed. A process id tells nothing: another process may have
 * it by now, and in a container it is always the same.
 * @returns `stale` when its machine has been started anew since, or when it has not been heard of for three intervals. A
 * heartbeat that far in the future is no better.
 */
export function liveness(pulse: Pulse, here: Machine, now: Date): 'live' | 'stale' {
  if (pulse.machine === here.name && pulse.bootId !== here.bootId) return 'stale'
  const age = Math.abs(now.getTime() - pulse.heartbeat.getTime())
  return age <= beatsMissed * pulse.intervalMs ? 'live' : 'stale'
}

/** When a run that is not heard of again is stale, by its own clock. */
export function staleAfter({ heartbeat, intervalMs }: Pulse): Date {
  return new Date(heartbeat.getTime() + beatsMissed * intervalMs)
}
