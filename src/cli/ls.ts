import type { Command } from 'commander'
import { findDestination } from '../config/destination.ts'
import { entryTypes } from '../manifest/entry.ts'
import type { SnapshotView, ViewEntry } from '../manifest/view.ts'
import { openSnapshot } from '../runs/openSnapshot.ts'
import { pathFromBytes, printablePath } from '../shared/bytePath.ts'
import { UserError } from '../shared/errors.ts'
import { recordName } from '../vault/snapshots.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { expectHeadOption, knownHeads } from './knownHeads.ts'
import { openDestination } from './openDestination.ts'
import { formatBytes, formatTime } from '../shared/format.ts'
import { renderTable, type Column } from './output/table.ts'
import { scratchFolder } from './scratchFolder.ts'
import type { SnapshotOptions } from './snapshotChoice.ts'

export function configure(command: Command): void {
  command
    .argument('[snapshot]', 'a snapshot other than the newest: 7, 7-0123456789abcdef, or digits of its run')
    .argument('[path]', 'a folder or file in it; without one, the top')
    .option('--from <name>', 'the destination, where there are several')
    .addOption(expectHeadOption())
    .addHelpText(
      'after',
      `
Lists one folder of a snapshot. Further sources lie below sources/.
${examples([
  ['safelight ls', 'Lists the top of the newest snapshot.'],
  ['safelight ls library/alice/2024', 'Lists a folder of the newest snapshot.'],
  ['safelight ls 7 upload --json', 'Lists a folder as it was at snapshot 7, for a program.'],
])}`,
    )
}

export async function run(context: Context, command: Command): Promise<void> {
  const { from, expectHead } = command.opts<SnapshotOptions>()
  const { snapshot: name, path } = meaningOf(command.args)
  const config = context.loadConfig(['identity', 'destinations'])
  const destination = findDestination(config, from)
  await using opened = await openDestination(context, config, destination)
  await using snapshot = await openSnapshot(opened.vault, {
    host: config.host,
    choice: { snapshot: name },
    knownHeads: knownHeads(opened, expectHead),
    folder: await scratchFolder(config.state),
    signal: context.signal,
  })
  for (const warning of snapshot.warnings) context.output.warn(warning)
  const entries = list(snapshot.view, path)
  if (!entries) {
    throw new UserError(`snapshot ${recordName(snapshot.record)} has no path ${printablePath(path)}`, {
      hint: "'safelight ls' shows what there is at the top.",
    })
  }
  const document = { snapshot: recordName(snapshot.record), path, entries: entries.map(documentOf) }
  context.output.result(document, (style) =>
    renderTable(columns, entries.map(rowOf), context.output.columns, (heading) => style('bold', heading)),
  )
}

/** One argument alone is a snapshot when it looks like one, else a path. */
function meaningOf(args: readonly string[]): { snapshot: string | undefined; path: string } {
  const [first, second] = args
  const looksLikeSnapshot =
    first !== undefined && /^(?:\d{1,10}(?:-[0-9a-f]{1,16})?|[0-9a-f]{4,16})$/.test(first)
  const [snapshot, path = ''] =
    second !== undefined || looksLikeSnapshot ? [first, second] : [undefined, first]
  return { snapshot, path: pathFromBytes(Buffer.from(path)).replace(/^\.?\/+|\/+$/g, '') }
}

/** What a folder holds, or the file itself; undefined when there is no such path. By name. */
function list(view: SnapshotView, path: string): ViewEntry[] | undefined {
  const itself = path === '' ? undefined : view.entry(path)
  if (itself && itself.type !== entryTypes.directory) return [itself]
  const entries = [...view.entriesIn(path)]
  if (path === '') entries.push(...furtherSources(view))
  if (entries.length === 0 && path !== '' && !itself) return undefined
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The folder of the further sources is none that was backed up, so it has no entry of its own. */
function furtherSources(view: SnapshotView): ViewEntry[] {
  const [first] = view.entriesIn('sources')
  return first ? [{ ...first, path: 'sources', mode: 0o755 }] : []
}

const typeNames = ['file', 'directory', 'symlink'] as const

function documentOf({ path, type, size, target, mode, uid, gid, ...times }: ViewEntry): unknown {
  const { mtime, ctime, atime, birthtime } = times
  return { path, type: typeNames[type], size, target, mode, uid, gid, mtime, ctime, atime, birthtime }
}

const columns: Column[] = [
  { title: 'Mode' },
  { title: 'Size', align: 'right' },
  { title: 'Modified' },
  { title: 'Path', shrinks: true },
]

function rowOf({ path, type, size, target, mode, mtime }: ViewEntry): string[] {
  const mark = type === entryTypes.directory ? '/' : target === null ? '' : ` -> ${printablePath(target)}`
  return [
    mode.toString(8).padStart(4, '0'),
    size === null ? '' : formatBytes(size),
    formatTime(new Date(mtime / 1000)),
    printablePath(path) + mark,
  ]
}
