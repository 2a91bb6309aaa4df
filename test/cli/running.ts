import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Ended, workplace } from './safelight.ts'

const program = fileURLToPath(new URL('../../bin/safelight', import.meta.url))

export type Workplace = Awaited<ReturnType<typeof workplace>>

/**
 * A working directory with a library, an identity and a vault at each destination, initialised.
 * @param config lines of the configuration that come on top.
 * @param destinations names of the destinations, where they are not only one.
 */
export async function installed(
  files: Readonly<Record<string, string | Uint8Array>>,
  config = 'database: false\ndestinations: [{ name: disk, type: local, path: vault }]',
  env: Record<string, string> = {},
  destinations: readonly string[] = [],
): Promise<Workplace> {
  const place = await workplace()
  for (const folder of ['library', 'upload', 'profile', 'backups'])
    await mkdir(join(place.path, 'data', folder), { recursive: true })
  await writeFiles(place, files)
  for (const folder of ['vault', ...destinations]) await mkdir(join(place.path, folder), { recursive: true })
  await writeFile(
    join(place.path, 'safelight.yaml'),
    `library: data\nstate: state\nidentity: file:identity.txt\n${config}\n`,
  )
  const inits = destinations.length === 0 ? [[]] : destinations.map((name) => ['--to', name])
  for (const args of [
    ['keys', 'generate', '--out', 'identity.txt'],
    ...inits.map((to) => ['init', '--yes', ...to]),
  ]) {
    const { exitCode, stderr } = await place.run(args, { env })
    if (exitCode !== 0) throw new Error(`safelight ${args.join(' ')} failed: ${stderr}`)
  }
  return place
}

/** Writes files below the library. */
export async function writeFiles(
  place: Workplace,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(place.path, 'data', path, '..'), { recursive: true })
    await writeFile(join(place.path, 'data', path), content)
  }
}

/** Starts `safelight ARGS`, by way of another command where one is given. */
export function start(
  place: Workplace,
  args: readonly string[],
  { by = [], env = {} }: { by?: readonly string[]; env?: Record<string, string> } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const [command = program, ...rest] = [...by, program, ...args]
  const child = spawn(command, rest, {
    cwd: place.path,
    env: { PATH: process.env['PATH'], HOME: place.path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { child, ended: ended.then(([stdout, stderr]) => ({ exitCode: child.exitCode, stdout, stderr })) }
}

/** Waits until the local vault has so many contents in objects of their own. */
export async function untilStored(place: Workplace, count: number): Promise<void> {
  for (let stored = 0; stored < count; await delay(5)) {
    const names = await readdir(join(place.path, 'vault'), { recursive: true })
    stored = names.filter((name) => /^objects\/..\/./.test(name)).length
  }
}
