import { best, bestPeer, markdownTable, type SeriesResult } from './table.ts'
import type { ProgramName } from './programs.ts'
import type { Step } from './programs/program.ts'

/** RSS that no run may exceed, in bytes. */
const memoryLimit = 300e6
const memoryLimitUnchanged = 250e6

interface Target {
  where: string
  what: string
  target: string
  measured: string
  met: boolean
}

/** What Safelight wants to reach, and whether it did, as a Markdown table. */
export function targetTable(results: readonly SeriesResult[]): string {
  const targets = results.flatMap(targetsOf)
  return markdownTable(
    ['what', 'where', 'target', 'measured', 'met'],
    targets.map(({ where, what, target, measured, met }) => [
      what,
      where,
      target,
      measured,
      met ? 'yes' : '**no**',
    ]),
  )
}

function targetsOf({ series, measured }: SeriesResult): Target[] {
  const where = `${series.library.name}, ${series.place === 's3' ? 'S3' : 'local'}`
  const figures = new Figures({ series, measured })
  const targets: (Target | undefined)[] = [
    atLeast(1.3, figures.throughput('first backup'), {
      where,
      what: 'first backup: throughput against the fastest peer',
    }),
    atMost(0.5, figures.ofBestPeer('first backup', 'user'), {
      where,
      what: "first backup: user CPU seconds against the best peer's",
    }),
    atMost(1.25, figures.of('first backup', 'bare loop'), {
      where,
      what: 'first backup: wall time against the bare loop',
    }),
    atMost(1.5, figures.of('nothing changed', 'find'), {
      where,
      what: 'nothing changed: wall time against find',
    }),
    atLeast(1, figures.throughput('restore'), {
      where,
      what: 'restore: throughput against the fastest peer',
    }),
    ...series.steps.map((step) => memoryTarget(where, step, figures.memory(step))),
  ]
  return targets.filter((target) => target !== undefined)
}

class Figures {
  readonly #result: SeriesResult

  constructor(result: SeriesResult) {
    this.#result = result
  }

  /** Safelight's throughput divided by the fastest peer's. */
  throughput(step: Step): number | undefined {
    const wall = this.ofBestPeer(step, 'wall')
    return wall === undefined ? undefined : 1 / wall
  }

  ofBestPeer(step: Step, figure: 'wall' | 'user'): number | undefined {
    const own = this.#find('safelight', step)
    const peer = bestPeer(this.#result.measured, step, figure)
    return own && peer ? best(own)[figure] / peer : undefined
  }

  /** Safelight's wall time divided by another program's. */
  of(step: Step, program: ProgramName): number | undefined {
    const own = this.#find('safelight', step)
    const other = this.#find(program, step)
    if (!own || !other || best(other).wall === 0) return undefined
    return best(own).wall / best(other).wall
  }

  /** Safelight's peak over all runs, in bytes. */
  memory(step: Step): number | undefined {
    const own = this.#find('safelight', step)
    return own && Math.max(...own.usages.map(({ memory }) => memory))
  }

  #find(program: ProgramName, step: Step) {
    return this.#result.measured.find((one) => one.program === program && one.step === step)
  }
}

type Named = Pick<Target, 'where' | 'what'>

function atLeast(limit: number, value: number | undefined, named: Named): Target | undefined {
  if (value === undefined) return undefined
  return { ...named, target: `at least ${limit}`, measured: value.toFixed(2), met: value >= limit }
}

function atMost(limit: number, value: number | undefined, named: Named): Target | undefined {
  if (value === undefined) return undefined
  return { ...named, target: `at most ${limit}`, measured: value.toFixed(2), met: value <= limit }
}

function memoryTarget(where: string, step: Step, memory: number | undefined): Target | undefined {
  if (memory === undefined) return undefined
  const limit = step === 'nothing changed' ? memoryLimitUnchanged : memoryLimit
  return {
    where,
    what: `${step}: peak memory`,
    target: `under ${limit / 1e6} MB`,
    measured: `${(memory / 1e6).toFixed(0)} MB`,
    met: memory < limit,
  }
}
