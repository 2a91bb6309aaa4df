/* What holds for every module: its references lead somewhere, it is documented, and it holds no secret. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { Module, terraform, type Values } from './module.ts'

/** Each module, and what the texts of its outputs refer to. */
const modules: [string, Values][] = [
  ['b2', { 'var.prefix': 'immich', 'var.region': 'us-west-004', 'b2_bucket.vault.bucket_name': 'photos' }],
  [
    'gcs',
    {
      'var.prefix': 'immich',
      'var.storage_class': 'ARCHIVE',
      'google_storage_bucket.vault.name': 'photos',
    },
  ],
  [
    's3',
    {
      'var.prefix': 'immich',
      'var.storage_class': 'GLACIER_IR',
      'aws_s3_bucket.vault.bucket': 'photos',
      'aws_s3_bucket.vault.region': 'eu-central-1',
    },
  ],
]

async function textOf(folder: string): Promise<string> {
  const names = (await readdir(join(terraform, folder))).filter((name) => name.endsWith('.tf'))
  const texts = await Promise.all(
    names.map(async (name) => await readFile(join(terraform, folder, name), 'utf8')),
  )
  return texts.join('\n').replaceAll(/^\s*#.*$/gm, '')
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name = '']) => name))].toSorted()
}

test('there is a module for each cloud of the overlays', async () => {
  const folders = await readdir(terraform, { withFileTypes: true })
  const found = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(found.toSorted()).toEqual(modules.map(([name]) => name))
})

describe.each(modules)('the module %s', async (name, values) => {
  const module = await Module.read(name, values)
  const text = await textOf(name)
  const readme = await readFile(join(terraform, name, 'README.md'), 'utf8')

  test('uses all that it declares, and nothing else', () => {
    expect(namesIn(text, /\bvar\.(\w+)/g)).toEqual(Object.keys(module.variables).toSorted())
    expect(namesIn(text, /\blocal\.(\w+)/g)).toEqual(Object.keys(module.locals).toSorted())
    const declared = namesIn(text, /^(?:resource|data) "(\w+" "\w+)"/gm).map((both) =>
      both.replace('" "', '.'),
    )
    const used = namesIn(text, /\b((?:aws|google|b2)_\w+\.\w+)/g)
    expect(declared).toEqual(expect.arrayContaining(used))
  })

  test('says of each variable what it is, and refuses what is none', () => {
    const needed = ['type', 'description', 'validation']
    const incomplete = Object.entries(module.variables).filter(([, block]) =>
      needed.some((field) => !(field in block)),
    )
    expect(incomplete).toEqual([])
  })

  test('has a page with all variables and outputs', () => {
    const rows = namesIn(readme, /^\| `(\w+)`/gm)
    const names = [...Object.keys(module.variables), ...Object.keys(module.outputs)]
    expect(rows).toEqual(expect.arrayContaining(names))
  })

  test('keeps keys out of the state, and shows none', () => {
    expect(text).not.toMatch(/aws_iam_access_key|google_service_account_key|random_password/)
    for (const [output, { value, sensitive }] of Object.entries(module.outputs)) {
      const isSecret = /\.(application_key|secret|private_key)\b/.test(JSON.stringify(value))
      expect({ output, sensitive: sensitive === true }).toEqual({ output, sensitive: isSecret })
    }
  })

  test('gives a destination that Safelight understands', async () => {
    await using folder = await temporaryFolder()
    const destination = module.text(module.outputs['destination']?.['value'])
    const config = `library: .\ndatabase: false\nidentity: 'env:IDENTITY'\ndestinations:\n${destination}`
    await writeFile(join(folder.path, 'safelight.yaml'), config)
    const { destinations } = loadConfig({ cwd: folder.path, env: {} })
    expect(destinations).toMatchObject([{ name, bucket: 'photos', prefix: 'immich' }])
  })

  test('is used by its examples with variables that it has', async () => {
    const examples = await readdir(join(terraform, name, 'examples'))
    expect(examples.length).toBeGreaterThan(0)
    const required = Object.entries(module.variables).filter(([, block]) => !('default' in block))
    for (const example of examples) {
      const { modules } = await Module.read(join(name, 'examples', example))
      const { source, ...given } = modules['vault'] ?? {}
      expect(source).toBe('../..')
      expect(Object.keys(module.variables)).toEqual(expect.arrayContaining(Object.keys(given)))
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required.map(([variable]) => variable)))
      const shown = await textOf(join(name, 'examples', example))
      const outputs = namesIn(shown, /\bmodule\.vault\.(\w+)/g)
      expect(Object.keys(module.outputs)).toEqual(expect.arrayContaining(outputs))
      expect(readme).toContain(`examples/${example}`)
    }
  })
})
