import type { Command } from '../command.ts'
import type { Place, PlaceType } from '../places.ts'

/** What is measured, in this order. */
export const steps = ['first backup', 'nothing changed', 'restore'] as const
export type Step = (typeof steps)[number]

/** One program's work on one library at one place. */
export interface Task {
  library: string
  place: Place
  /** An empty folder for the program's own files; also its home directory. */
  home: string
  /** An empty folder to restore to. */
  restoreTo: string
}

export interface Preparation {
  /** The calls for the steps that the program can do. */
  commands: Partial<Record<Step, Command>>
  /** Where the library's root lies after the restore; the folder that was restored to, by default. */
  restoredRoot?: string
}

export interface Program {
  places: readonly PlaceType[]
  /** As the program tells it. */
  version: () => Promise<string>
  /** How it was set up, in a few words for the page. */
  setup: string
  /** Makes a new repository. Not measured. */
  prepare: (task: Task) => Promise<Preparation>
}
