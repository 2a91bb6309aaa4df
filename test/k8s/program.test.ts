/* Whether what the manifests say is what the program understands. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Need } from '../../src/config/needs.ts'
import { runInProcess } from '../cli/inProcess.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import {
  k8s,
  type Manifest,
  manifestsOf,
  named,
  rendered,
  renderedWith,
  type Task,
  tasks,
} from './manifests.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const secretsFolder = '/run/secrets/safelight/'
const documented = await readFile(join(project, 'docs/configuration.md'), 'utf8')

/** What each task loads of the configuration, as its command does. */
const needs: Record<string, readonly Need[]> = {
  'immich-backup': ['library', 'database', 'identity', 'destinations'],
  'immich-backup-init': ['identity', 'destinations'],
  'immich-restore': ['identity', 'destinations'],
  'immich-restore-drill': ['identity', 'destinations'],
  'immich-verify-restore': ['identity', 'destinations'],
}

/** The commands that a task runs, word by word. */
function commandsOf({ program }: Task): string[][] {
  const args = program.args ?? []
  if (program.command === undefined) return [args]
  return Array.from(args.join('\n').matchAll(/^safelight (.*)$/gm), ([, words = '']) => words.split(' '))
}

function settings(manifests: readonly Manifest[]): string {
  const config = named(manifests, 'ConfigMap', /^immich-backup-/) as Manifest & {
    data: Record<string, string>
  }
  return config.data['safelight.yaml'] ?? ''
}

/** A folder as a task's pod would see it, with the secrets of the example. */
async function podFolder(overlay: string, task: Task, config: string) {
  const folder = await temporaryFolder()
  const wanted = task.pod.volumes?.flatMap(
    ({ projected }) => projected?.sources?.map(({ secret }) => secret?.name) ?? [],
  )
  for (const file of ['backup-secrets', 'verify-secrets']) {
    const [secret] = await manifestsOf(`overlays/${overlay}/${file}.example.yaml`)
    const { metadata, stringData } = secret as Manifest & { stringData: Record<string, string> }
    if (!wanted?.includes(metadata.name)) continue
    for (const [name, value] of Object.entries(stringData)) await writeFile(join(folder.path, name), value)
  }
  await mkdir(join(folder.path, 'library'))
  const moved = config
    .replaceAll(secretsFolder, `${folder.path}/`)
    .replace('library: /library', `library: ${folder.path}/library`)
  await writeFile(join(folder.path, 'safelight.yaml'), moved)
  return folder
}

describe.each(await readdir(join(k8s, 'overlays')))('the overlay %s', async (overlay) => {
  const manifests = await rendered(`overlays/${overlay}`)
  const all = tasks(manifests)
  const config = settings(manifests)

  test.each(all)('$name finds all that it needs in the ConfigMap and the example secrets', async (task) => {
    await using folder = await podFolder(overlay, task, config)
    const load = () => loadConfig({ cwd: folder.path, env: {}, needs: needs[task.name] ?? [] })
    expect(load).not.toThrow()
    expect(load().destinations).toHaveLength(1)
  })

  test('what it reads and writes is mounted', () => {
    expect(config).toContain('state: /state\n')
    expect(config).toContain('library: /library\n')
    const vault = /path: (\/\w+)/.exec(config)?.slice(1) ?? []
    for (const { program } of all) {
      expect(program.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(['/etc/safelight', '/state', '/tmp', '/run/secrets/safelight', ...vault]),
      )
    }
  })

  test('every variable is one that the program documents, or that its own command names', () => {
    for (const { program } of all) {
      const own = program.args?.flatMap((arg) => /^env:(\w+)$/.exec(arg)?.[1] ?? [])
      const unknown = program.env?.filter(
        ({ name }) => !own?.includes(name) && !documented.includes(`\`${name}\``),
      )
      expect(unknown).toEqual([])
    }
  })

  test('a file that a variable names is in the example secrets', async () => {
    for (const task of all) {
      await using folder = await podFolder(overlay, task, config)
      const files = (task.program.env ?? [])
        .filter(({ value }) => value?.startsWith(secretsFolder))
        .map(({ value }) => value?.slice(secretsFolder.length))
      expect(await readdir(folder.path)).toEqual(expect.arrayContaining(files))
    }
  })
})

test('every command and option is in the program’s help', async () => {
  const sets = [await rendered('overlays/local'), await renderedWith('gcs', 'sharded')]
  const commands = sets.flatMap((manifests) => tasks(manifests).flatMap(commandsOf))
  expect(commands.length).toBeGreaterThanOrEqual(4)
  for (const words of commands) {
    const command = words.find((word) => /^[a-z][a-z-]+$/.test(word)) ?? ''
    const { stdout: help } = await runInProcess([command, '--help'], { cwd: project })
    expect(help).toContain(`safelight ${command}`)
    for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toContain(` ${option} `)
  }
})
