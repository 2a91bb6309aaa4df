/*
 * What an installation of Immich by Docker Compose says of itself: its `.env` file and its compose file, as Immich's
 * own instructions have them (https://docs.immich.app/install/docker-compose).
 */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode, UserError } from '../shared/errors.ts'
import { type ComposeFacts, readCompose } from './compose.ts'

export interface Installation {
  /** The files that were read, absolute. */
  envFile: string | undefined
  composeFile: string | undefined
  /** Absolute path of the media root on this machine; undefined where none is told, or it is a Docker volume. */
  library: string | undefined
  /** The folder in which the database keeps its own files. */
  databaseFiles: string | undefined
  /** As it was asked for: `v3`, `release`. */
  version: string | undefined
  /** Where the database listens on this machine, if the compose file lets it. */
  published: { host: string; port: number } | undefined
  /** Whether the `.env` file has the database's password. */
  passwordInEnv: boolean
  /** What `.env` says of where the database is reached; most often the name of a container. */
  databaseHost: string | undefined
  databasePort: number | undefined
}

const composeNames = ['docker-compose.yml', 'docker-compose.yaml', 'compose.yaml', 'compose.yml']
/** Where Immich's own and other instructions put it, from the working directory (.) and the home folder (~) on. */
const usualFolders = [
  '.',
  'immich-app',
  'immich',
  '..',
  '../immich-app',
  '../immich',
  '~/immich-app',
  '~/immich',
  '/opt/immich-app',
  '/opt/immich',
  '/srv/immich-app',
  '/srv/immich',
]

/**
 * Reads an installation.
 * @param path its folder, its `.env` file or its compose file.
 * @throws UserError when there is neither, or they are not Immich's.
 */
export async function readInstallation(path: string): Promise<Installation> {
  const found = await tryInstallation(path)
  if (found) return found
  throw new UserError(`${path} is no installation of Immich`, {
    hint: 'Name the folder with its .env file (the one with UPLOAD_LOCATION), that file, or the compose file beside it.',
  })
}

/** The installations in the usual places, each once. @param home where `~` leads. */
export async function findInstallations(cwd: string, home: string): Promise<Installation[]> {
  const folders = usualFolders.map((folder) => resolve(cwd, folder.replace(/^~/, home)))
  const places = await Promise.all(folders.map(realPath))
  const different = folders.filter((_, i) => places[i] !== undefined && places.indexOf(places[i]) === i)
  const found = await Promise.all(different.map(tryInstallation))
  return found.filter((each) => each !== undefined)
}

/** Where a path leads, by whatever links; undefined where it leads nowhere, or not us. */
async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}

async function tryInstallation(path: string): Promise<Installation | undefined> {
  const folder = (await isFolder(path)) ? path : dirname(path)
  const isCompose = folder !== path && /\.ya?ml$/.test(path)
  const envFile = folder === path || isCompose ? join(folder, '.env') : path
  const variables = await readVariables(envFile)
  const composeFiles = isCompose ? [path] : composeNames.map((name) => join(folder, name))
  const compose = await firstCompose(composeFiles, variables ?? {})
  if (variables?.['UPLOAD_LOCATION'] === undefined && !compose?.facts.isImmich) return undefined
  return installation(folder, variables && { file: envFile, values: variables }, compose)
}

function installation(
  folder: string,
  env: { file: string; values: Variables } | undefined,
  compose: { file: string; facts: ComposeFacts } | undefined,
): Installation {
  const values = env?.values ?? {}
  const absolute = (path: string | undefined) => (path ? resolve(folder, path) : undefined)
  return {
    envFile: env?.file,
    composeFile: compose?.file,
    library: absolute(values['UPLOAD_LOCATION'] ?? compose?.facts.library),
    databaseFiles: absolute(values['DB_DATA_LOCATION'] ?? compose?.facts.databaseFiles),
    version: values['IMMICH_VERSION'] || undefined,
    published: compose?.facts.published,
    passwordInEnv: Boolean(values['DB_PASSWORD']),
    databaseHost: values['DB_HOSTNAME'] || undefined,
    databasePort: Number(values['DB_PORT']) || undefined,
  }
}

type Variables = Record<string, string | undefined>

async function readVariables(path: string): Promise<Variables | undefined> {
  const text = await readText(path)
  return text === undefined ? undefined : parseEnv(text)
}

async function firstCompose(
  files: readonly string[],
  variables: Variables,
): Promise<{ file: string; facts: ComposeFacts } | undefined> {
  for (const file of files) {
    const text = await readText(file)
    if (text !== undefined) return { file, facts: readCompose(text, basename(file), variables) }
  }
  return undefined
}

/** Undefined where there is no such file, or it is not ours to read. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return false
  }
}
