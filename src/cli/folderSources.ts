import type { Config } from '../config/config.ts'
import { libraryFolders } from '../immich/folders.ts'
import type { FolderSource } from '../runs/backup/source.ts'

/** The folders that a configuration has backed up, in the order in which they are. */
export function folderSources(config: Config): FolderSource[] {
  const { library } = config
  const own = libraryFolders
    .filter((folder) => library !== undefined && config.include.includes(folder))
    .map((folder) => ({ treePath: folder, root: `${library}/${folder}`, immich: true }))
  const further = [...config.sources]
    .sort((a, b) => a.priority - b.priority)
    .map(({ name, path }) => ({ treePath: `sources/${name}`, root: path, immich: false }))
  return [...own, ...further]
}
