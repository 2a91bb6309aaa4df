import { mkdtempDisposable } from 'node:fs/promises'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { S3Server } from '../test/support/ceph.ts'
import { compareTrees, describeTree, type TreeEntry } from '../test/support/tree.ts'
import { measure, run, type Usage } from './command.ts'
import type { BenchLibrary } from './library.ts'
import { makePlace, type PlaceType } from './places.ts'
import { programOf, type ProgramName } from './programs.ts'
import { steps, type Step } from './programs/program.ts'

/** Programs that do the same with the same library, one after the other. */
export interface Series {
  library: BenchLibrary
  place: PlaceType
  programs: readonly ProgramName[]
  /** Steps to measure; those before them are done all the same. */
  steps: readonly Step[]
  runs: number
}

/** All that was measured of one program's step. */
export interface Measured {
  program: ProgramName
  step: Step
  usages: Usage[]
}

interface Surroundings {
  /** Where repositories and restored files go. */
  folder: string
  server: S3Server | undefined
  /** Hears of every measurement. */
  onUsage: (program: ProgramName, step: Step, usage: Usage) => void
}

/**
 * Measures a series. Every program begins with a fresh repository in every run, and the order turns from run to run.
 * @throws Error when a program fails, or restores anything but the library.
 */
export async function measureSeries(series: Series, around: Surroundings): Promise<Measured[]> {
  const original = series.steps.includes('restore') ? await filesOf(series.library.path) : []
  const able = series.programs.filter((name) => programOf(name).places.includes(series.place))
  const measured = able.flatMap((program) =>
    series.steps.map((step): Measured => ({ program, step, usages: [] })),
  )
  for (let turn = 0; turn < series.runs; turn++) {
    const first = turn % able.length
    for (const program of [...able.slice(first), ...able.slice(0, first)]) {
      for (const [step, usage] of await measureProgram(program, series, original, around)) {
        measured.find((one) => one.program === program && one.step === step)?.usages.push(usage)
      }
    }
  }
  return measured.filter(({ usages }) => usages.length > 0)
}

async function measureProgram(
  name: ProgramName,
  series: Series,
  original: TreeEntry[],
  { folder, server, onUsage }: Surroundings,
): Promise<[Step, Usage][]> {
  await using own = await mkdtempDisposable(join(folder, `${name.replace(' ', '-')}-`))
  const home = join(own.path, 'home')
  const restoreTo = join(own.path, 'restored')
  await mkdir(home)
  await mkdir(restoreTo)
  await using made = await makePlace(series.place, own.path, server)
  const task = { library: series.library.path, place: made.place, home, restoreTo }
  const { commands, restoredRoot = restoreTo } = await programOf(name).prepare(task)
  const usages: [Step, Usage][] = []
  for (const step of steps) {
    const command = commands[step]
    if (!command || !isNeeded(step, series.steps)) continue
    // What others left to be written is not this step's business.
    await run({ program: 'sync', args: [] })
    const { usage } = await measure(command, home)
    onUsage(name, step, usage)
    if (step === 'restore') await requireEqual(original, restoredRoot, name)
    if (series.steps.includes(step)) usages.push([step, usage])
  }
  return usages
}

/** The steps build on one another. */
function isNeeded(step: Step, wanted: readonly Step[]): boolean {
  return wanted.includes(step) || (step === 'first backup' && wanted.length > 0)
}

async function filesOf(root: string): Promise<TreeEntry[]> {
  const files = (await describeTree(root)).filter(({ type }) => type === 'file')
  // A restored media root has markers that the generated library lacks.
  return files.filter(({ path }) => !path.endsWith('/.immich'))
}

async function requireEqual(original: TreeEntry[], root: string, program: ProgramName): Promise<void> {
  const differences = compareTrees(original, await filesOf(root), {
    ignoring: ['mode', 'uid', 'gid', 'mtime', 'ctime', 'inode'],
  })
  if (differences.length > 0) {
    throw new Error(`${program} did not restore the library: ${differences.slice(0, 3).join('; ')}`)
  }
}
