import { join } from 'node:path'
import { formatNumberOf } from '../../src/shared/format.ts'
import { changeSampleLibrary } from '../sample/change.ts'
import { findInconsistencies } from '../sample/inconsistencies.ts'
import { createSampleLibrary } from '../sample/library.ts'
import { startPostgres } from '../support/postgres.ts'
import { describeTree } from '../support/tree.ts'
import { type Check, databaseCheck, filesCheck, libraryCheck, vaultCheck } from './checks.ts'
import { describeDatabase } from './databases.ts'
import { compareRestored, describeIncluded, Watch } from './folders.ts'
import { Program } from './program.ts'
import { screen } from './screen.ts'
import { backUp, restoreDatabase, restoreTo, setUp, verifyAll } from './steps.ts'

/** What the demo proved, and whether a backup had warnings. */
export interface DemoEnd {
  checks: Check[]
  hadWarnings: boolean
}

/** A sample library goes into a vault, changes, goes in again, and comes back. */
export async function runSampleDemo(folder: string, signal: AbortSignal): Promise<DemoEnd> {
  screen.section('A sample of Immich')
  let started = performance.now()
  await using postgres = await startPostgres()
  const database = await postgres.createDatabase('immich')
  const restoredDatabase = await postgres.createDatabase('restored')
  screen.outcome(`PostgreSQL ${postgres.major}, thrown away at the end`, performance.now() - started)

  started = performance.now()
  const root = join(folder, 'immich')
  const sample = await createSampleLibrary({ root, database })
  const library = [new Watch(sample.root), new Watch(sample.external)]
  for (const watch of library) await watch.start()
  screen.outcome(
    `${formatNumberOf(sample.assets.length, 'asset')} with the oddest names that people give, an external library`,
    performance.now() - started,
  )

  const vault = new Watch(join(folder, 'vault'), { growing: true })
  const program = new Program({
    folder,
    env: { DB_URL: database, RESTORED_DB_URL: restoredDatabase },
    signal,
    watches: [...library, vault],
  })

  screen.section('Set up')
  await setUp(program, folder, {
    library: 'immich',
    sources: [{ name: 'external', path: 'immich-external' }],
    ignore: [],
    database: { url: 'env:DB_URL' },
  })

  screen.section('Back up')
  const first = await backUp(program)
  const before = await describeIncluded(root)

  const changes = await changeSampleLibrary(sample)
  for (const watch of library) await watch.start()
  screen.text('  The library lives on')
  screen.outcome(
    `${changes.added.length} files added, ${changes.edited.length} edited, ${changes.moved.length} moved, ${changes.deleted.length} deleted`,
  )

  const second = await backUp(program)
  const after = await describeIncluded(root)

  screen.section('Verify')
  await verifyAll(program)

  screen.section('Restore')
  await restoreTo(program, 'restored')
  await restoreTo(program, 'restored-before', first.id)
  await restoreDatabase(program, 'RESTORED_DB_URL')

  const restored = await describeIncluded(join(folder, 'restored'))
  const restoredExternal = await describeTree(join(folder, 'restored/sources/external'))
  const restoredBefore = await describeIncluded(join(folder, 'restored-before'))
  const checks: Check[] = [
    libraryCheck(library, program.commands),
    vaultCheck(vault),
    filesCheck(
      [...restored, ...restoredExternal],
      [
        ...compareRestored(after, restored, second.changes.deferred),
        ...compareRestored(await describeTree(sample.external), restoredExternal, 0),
      ],
    ),
    {
      name: 'first snapshot',
      outcome: 'still has what was edited, moved and deleted after it',
      differences: compareRestored(before, restoredBefore, first.changes.deferred),
    },
    databaseCheck(await describeDatabase(database, signal), await describeDatabase(restoredDatabase, signal)),
    {
      name: 'both together',
      outcome: 'every original that the database names has its SHA-1',
      differences: await lostOriginals(join(folder, 'restored'), restoredDatabase, sample.mediaLocation),
    },
  ]
  return { checks, hadWarnings: program.hadWarnings }
}

/** Pictures that Immich makes again by itself were not backed up. */
async function lostOriginals(root: string, database: string, mediaLocation: string): Promise<string[]> {
  const problems = await findInconsistencies({ root, database, mediaLocation })
  return problems.filter((line) => !/^[^:]*\/(thumbs|encoded-video)\//.test(line))
}
