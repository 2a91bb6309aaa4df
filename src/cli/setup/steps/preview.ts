/* What the first run will do. */
import { join } from 'node:path'
import type { Config, Destination } from '../../../config/config.ts'
import { databaseSettings } from '../../../config/database.ts'
import { librarySize } from '../../../immich/librarySize.ts'
import { describeDatabase } from '../../../immich/settings.ts'
import { formatBytes, formatNumberOf } from '../../../shared/format.ts'
import type { Session } from '../session.ts'

/** A large library is counted no longer than this. */
const patience = 15_000

/** Shows what will be backed up and what will be written. */
export async function previewFirstRun(
  { asker, context, file, isNew, plan }: Session,
  { config, destination }: { config: Config; destination: Destination },
): Promise<void> {
  const library = await sizeOf(config, { asker, signal: context.signal })
  const lines = [
    `Back up    ${config.library ?? ''}`,
    `           ${config.include.join(', ')}: ${library}`,
    `Database   ${databaseOf(config)}`,
    `To         ${destination.name} (${destination.type})`,
    `Encrypted  here, before anything leaves this machine`,
    '',
    `Written    ${file}${isNew ? '' : ' (edited)'}`,
    ...[...plan.files.keys()].map((path) => `           ${path}, which only you can read`),
  ]
  asker.tell(lines.join('\n'), destination.vault ? 'The next backup' : 'The first backup')
}

async function sizeOf(
  { library, include }: Config,
  { asker, signal }: { asker: Session['asker']; signal: AbortSignal },
): Promise<string> {
  if (library === undefined) return 'nothing'
  const folders = include.map((folder) => join(library, folder))
  const { files, bytes, whole } = await asker.working('Counting the library', () =>
    librarySize(folders, { patience, signal }),
  )
  return `${whole ? '' : 'at least '}${formatNumberOf(files, 'file')}, ${formatBytes(bytes)}`
}

function databaseOf({ database }: Config): string {
  return database ? describeDatabase(databaseSettings(database)) : 'none'
}
