import { parseArgs } from 'node:util'
import type { PlaceType } from './places.ts'
import { programNames, type ProgramName } from './programs.ts'

/** What one benchmark measures. */
export interface BenchOptions {
  /** Number of photos, or of all files in a mix. 0: leave this part out. */
  files: number
  /** Bytes of each photo. */
  bytes: number
  /** Photos of several sizes, sidecars and videos instead of photos of one size. */
  mix: boolean
  /** Number of tiny files for the run in which nothing changed. 0: leave this part out. */
  unchangedFiles: number
  places: PlaceType[]
  programs: ProgramName[]
  /** How often each program does everything. */
  runs: number
  /** Leave the files at their place at the end. */
  keep: boolean
  /** Write the result into docs/benchmarks.md. */
  write: boolean
}

export const usage = `npm run bench -- [options]

  --files N              photos to back up (300); 0 leaves this part out
  --size SIZE            size of each, as 3MB or 500KB (3MB)
  --mix                  photos of several sizes, sidecars and videos instead
  --unchanged-files N    tiny files for the run in which nothing changed (50000);
                         0 leaves this part out
  --destinations LIST    local,s3
  --programs LIST        ${programNames.join(',')}
  --runs N               how often each program does everything (2)
  --keep                 leave the files at their place at the end
  --write                write the result into docs/benchmarks.md
`

/** @throws Error for options that make no sense. */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      files: { type: 'string', default: '300' },
      size: { type: 'string', default: '3MB' },
      mix: { type: 'boolean', default: false },
      'unchanged-files': { type: 'string', default: '50000' },
      destinations: { type: 'string', default: 'local,s3' },
      programs: { type: 'string', default: programNames.join(',') },
      runs: { type: 'string', default: '2' },
      keep: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  return {
    files: parseCount('--files', values.files),
    bytes: parseSize('--size', values.size),
    mix: values.mix,
    unchangedFiles: parseCount('--unchanged-files', values['unchanged-files']),
    places: parseList('--destinations', values.destinations, ['local', 's3']),
    programs: parseList('--programs', values.programs, programNames),
    runs: Math.max(1, parseCount('--runs', values.runs)),
    keep: values.keep,
    write: values.write,
  }
}

/** A whole number of 0 or more. @throws Error for anything else. */
export function parseCount(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${option} takes a whole number, not ${text}`)
  return Number(text)
}

const units: Record<string, number> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9 }

/** Bytes of a size such as `3MB`, `1.5GB` or `100`; decimal units. @throws Error for anything else. */
export function parseSize(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(|KB|MB|GB)$/i.exec(text) ?? []
  const factor = units[unit.toUpperCase()]
  if (number === undefined || factor === undefined) {
    throw new Error(`${option} takes a size such as 3MB or 500KB, not ${text}`)
  }
  return Math.round(Number(number) * factor)
}

/** Names out of a list with commas. @throws Error for a name that is not allowed. */
export function parseList<T extends string>(option: string, text: string, allowed: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = allowed.find((one) => one === name)
    if (found === undefined)
      throw new Error(`${option} takes names out of ${allowed.join(', ')}, not ${name}`)
    return found
  })
}
