/* Whether Kubernetes and Flux would know what a manifest says. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import type { Manifest } from './manifests.ts'

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** Everything that the schemas find: what is missing, of another type, no valid value, or unknown. */
export async function schemaProblems(manifests: readonly Manifest[]): Promise<string[]> {
  const values = await Promise.all(manifests.map(badValues))
  return [...values.flat(), ...(await unknownFields(manifests))]
}

/** The package's module of a manifest's kind. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const library = apiVersion.includes('.toolkit.fluxcd.io/')
    ? '@kubernetes-models/flux-cd'
    : 'kubernetes-models'
  return `${library}/${apiVersion}/${kind}`
}

type Model = new (manifest: Manifest) => { validate: () => void }

async function badValues(manifest: Manifest): Promise<string[]> {
  const { kind, metadata } = manifest
  const models = (await import(moduleOf(manifest))) as Record<string, Model>
  const model = models[kind]
  if (model === undefined) return [`${kind} is no kind of ${manifest.apiVersion}`]
  try {
    new model(manifest).validate()
    return []
  } catch (error) {
    return [`${kind} ${metadata.name}: ${String(error)}`]
  }
}

/** The schemas allow further fields, and the types do not: the compiler tells a field that is misspelt. */
async function unknownFields(manifests: readonly Manifest[]): Promise<string[]> {
  await using folder = await temporaryFolder()
  const source = manifests.map((manifest, n) => {
    const type = `I${manifest.kind}`
    return `import type { ${type} as T${n} } from '${moduleOf(manifest)}'
export const manifest${n}: T${n} = ${JSON.stringify(manifest)}`
  })
  await writeFile(join(folder.path, 'manifests.ts'), source.join('\n'))
  await symlink(modules, join(folder.path, 'node_modules'))
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const arguments_ = ['--ignoreConfig', ...options, join(folder.path, 'manifests.ts')]
  try {
    await exec(join(modules, '.bin/tsc'), arguments_)
    return []
  } catch (error) {
    const { stdout } = error as { stdout?: string }
    if (!stdout) throw error
    return stdout.trim().split('\n')
  }
}
