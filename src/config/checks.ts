/*
 * What can't be said of a single field: how fields stand to one another.
 */
import { realpathSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { libraryFolders } from '../immich/folders.ts'
import type { Config } from './config.ts'
import type { ConfigDocument } from './document.ts'
import { numbers } from './numbers.ts'
import { fieldName, type FieldPath, type Problem } from './problem.ts'
import { isPostQuantum } from './recipient.ts'
import type { FileSettings } from './schema.ts'

/** A configuration whose single fields were checked, and what it was made of. */
export interface Checked {
  config: Config
  settings: FileSettings
  document: ConfigDocument
  /** The top-level fields with which something is wrong; they count as absent here. */
  failed: ReadonlySet<PropertyKey | undefined>
}

/** A problem with a field, wherever its value comes from: the file, the environment, or nowhere. */
export function problemAt({ config, document }: Checked, path: FieldPath, message: string): Problem {
  const field = fieldName(path)
  const place =
    document.valueAt(path) === undefined ? (config.origins[field] ?? document.name) : document.placeOf(path)
  return { place, field, message }
}

/** What is wrong with the fields together. */
export function checkConfig(checked: Checked): Problem[] {
  return [
    ...checkNames(checked, 'sources'),
    ...checkNames(checked, 'destinations'),
    ...checkNames(checked, 'notify'),
    ...checkSourceNames(checked),
    ...checkPins(checked),
    ...checkBuckets(checked),
    ...checkRecovery(checked),
    ...checkNumbers(checked),
    ...checkNothingIsWrittenIntoSources(checked),
  ]
}

/** Works on what was written, so that a bad entry does not hide a double name. */
function checkNames(checked: Checked, field: 'sources' | 'destinations' | 'notify'): Problem[] {
  const written = checked.document.data[field]
  if (!Array.isArray(written)) return []
  const names = written.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined,
  )
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    if (name === undefined || first === index) return []
    return [problemAt(checked, [field, index, 'name'], `is the name of ${field}[${first}] already`)]
  })
}

function checkSourceNames(checked: Checked): Problem[] {
  const taken: readonly string[] = [...libraryFolders, 'database']
  return checked.config.sources.flatMap(({ name }, index) =>
    taken.includes(name)
      ? [problemAt(checked, ['sources', index, 'name'], 'is the name of a source that is always there')]
      : [],
  )
}

function checkPins(checked: Checked): Problem[] {
  const { settings } = checked
  if (!settings.vault || !settings.destinations[0]?.vault) return []
  return [problemAt(checked, ['vault'], 'pins the first destination, and that has a vault of its own')]
}

function checkBuckets(checked: Checked): Problem[] {
  return checked.config.destinations.flatMap((destination, index) =>
    destination.type === 'gcs' && destination.bucket === ''
      ? [
          problemAt(
            checked,
            ['destinations', index, 'bucket'],
            'is missing; it takes a text, or GCS_BUCKET does',
          ),
        ]
      : [],
  )
}

function checkRecovery(checked: Checked): Problem[] {
  const { config, failed } = checked
  const found: Problem[] = []
  const quantum = config.recovery.filter(isPostQuantum).length
  if (quantum > 0 && quantum < config.recovery.length) {
    found.push(
      problemAt(checked, ['recovery'], 'mixes recipients: all are post-quantum (age1pq1...) or none'),
    )
  }
  if (config.writeOnly && config.recovery.length === 0 && !failed.has('recovery')) {
    found.push(
      problemAt(checked, ['writeOnly'], 'needs recovery recipients: nobody else could read the vault'),
    )
  }
  return found
}

function checkNumbers(checked: Checked): Problem[] {
  const fields = Object.keys(numbers) as (keyof typeof numbers)[]
  return fields.flatMap((field) => {
    const { least, most } = numbers[field]
    const value = checked.config[field]
    if (value >= least && value <= most) return []
    return [problemAt(checked, [field], `is a whole number from ${least} to ${most}`)]
  })
}

/** The library is never written: not even by a vault or a state folder that lies in it by mistake. */
function checkNothingIsWrittenIntoSources(checked: Checked): Problem[] {
  const { config } = checked
  const read = [
    ...(config.library === undefined ? [] : [{ name: 'the library', path: config.library }]),
    ...config.sources.map(({ name, path }) => ({ name: `source ${name}`, path })),
  ]
  const written: { field: FieldPath; path: string }[] = [{ field: ['state'], path: config.state }]
  if (config.metrics?.textfile !== undefined) {
    written.push({ field: ['metrics', 'textfile'], path: config.metrics.textfile })
  }
  for (const [index, destination] of config.destinations.entries()) {
    if (destination.type === 'local') {
      written.push({ field: ['destinations', index, 'path'], path: destination.path })
    }
  }
  return written.flatMap(({ field, path }) =>
    read
      .filter((source) => isInside(path, source.path))
      .map((source) =>
        problemAt(checked, field, `lies inside ${source.name} (${source.path}), which is never written`),
      ),
  )
}

function isInside(path: string, folder: string): boolean {
  const steps = relative(realPath(folder), realPath(path))
  return steps !== '..' && !steps.startsWith('../')
}

/** The path with the symbolic links of its existing part followed. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : `${realPath(parent)}${path.slice(parent === '/' ? 0 : parent.length)}`
  }
}
