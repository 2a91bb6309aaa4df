/* Searches in Drive's language: https://developers.google.com/workspace/drive/api/guides/search-files */
import { folderType } from './file.ts'

/** Everything in a folder that is not in the trash. */
export function inFolder(id: string): string {
  return `${text(id)} in parents and trashed = false`
}

export function foldersIn(id: string): string {
  return `${inFolder(id)} and mimeType = '${folderType}'`
}

/** Names that differ in capitals only are found, too: Drive does not tell them apart here. */
export function namedIn(id: string, name: string): string {
  return `${inFolder(id)} and name = ${text(name)}`
}

function text(value: string): string {
  return `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
