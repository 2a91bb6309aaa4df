import { bareLoop } from './programs/bareLoop.ts'
import { borg } from './programs/borg.ts'
import { find } from './programs/find.ts'
import type { Program } from './programs/program.ts'
import { rclone } from './programs/rclone.ts'
import { restic } from './programs/restic.ts'
import { safelight } from './programs/safelight.ts'

const programs = {
  safelight,
  restic,
  rclone,
  borg,
  find,
  'bare loop': bareLoop,
} as const satisfies Record<string, Program>

export type ProgramName = keyof typeof programs

export const programNames = Object.keys(programs) as ProgramName[]

/** The other backup programs, which Safelight is held against. */
export const peers: readonly string[] = ['restic', 'rclone', 'borg'] satisfies ProgramName[]

export function programOf(name: ProgramName): Program {
  return programs[name]
}
