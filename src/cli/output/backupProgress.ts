import type { BackupProgress } from '../../runs/backup/progress.ts'
import { printablePath } from '../../shared/bytePath.ts'
import type { ProgressUpdate } from './progress.ts'

/** What a backup is at, for people. */
export const phases: Record<BackupProgress['phase'], string> = {
  opening: 'opening the vault',
  database: 'dumping the database',
  scanning: 'looking for changes',
  storing: 'storing files',
  checking: 'checking files against the database',
  committing: 'committing',
}

/** How far a backup is, for the line at the terminal. */
export function progressLine(progress: BackupProgress): ProgressUpdate {
  const { phase, filesDone, filesTotal, bytesDone, bytesTotal, current } = progress
  if (phase === 'scanning') return { filesDone, bytesDone, current: phases[phase] }
  if (phase !== 'storing') return { filesDone: 0, bytesDone: 0, current: phases[phase] }
  return {
    filesDone,
    filesTotal,
    bytesDone,
    bytesTotal,
    current: current === undefined ? '' : printablePath(current),
  }
}
