/** How things stand: `attention` when a person should look, `bad` when a backup is missing, failed or damaged. */
export type Health = 'good' | 'attention' | 'bad'

export type ProblemKind =
  | 'unreachable'
  | 'hidden'
  | 'damaged'
  | 'never'
  | 'overdue'
  | 'failed'
  | 'partial'
  | 'clock'
  | 'interrupted'
  | 'stale'
  | 'denied'
  | 'state'

/** Something about a destination that its owner should know. */
export interface Problem {
  kind: ProblemKind
  /** A `note` says nothing against the backups. */
  severity: 'note' | 'attention' | 'bad'
  /** For people: a sentence without a stop. */
  message: string
  /** What to do about it. */
  hint?: string | undefined
}

/** The worst of several. */
export function worstHealth(all: readonly Health[]): Health {
  if (all.includes('bad')) return 'bad'
  return all.includes('attention') ? 'attention' : 'good'
}

export function healthOf(problems: readonly Problem[]): Health {
  return worstHealth(problems.map(({ severity }) => (severity === 'note' ? 'good' : severity)))
}
