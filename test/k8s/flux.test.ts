import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseIdentity } from '../../src/crypto/identity.ts'
import { k8s, type Manifest, manifestsOf, named, rendered } from './manifests.ts'
import { schemaProblems } from './schemas.ts'
import { decryptSops } from './sops.ts'

const read = async (name: string): Promise<string> => await readFile(join(k8s, 'flux', name), 'utf8')
const identity = (await read('example.agekey')).trim().split('\n').at(-1) ?? ''
const secrets = ['backup-secrets', 'verify-secrets']

test.each(secrets)('the example %s opens with its key, and has what the S3 overlay needs', async (name) => {
  const secret = await decryptSops(await read(`${name}.enc.yaml`), identity)
  const [example] = (await manifestsOf(`overlays/s3/${name}.example.yaml`)) as (Manifest & {
    stringData: Record<string, string>
  })[]
  expect(secret['metadata']).toEqual(example?.metadata)
  const values = secret['stringData'] as Record<string, string>
  expect(Object.keys(values).toSorted()).toEqual(Object.keys(example?.stringData ?? {}).toSorted())
  await parseIdentity(values['identity'] ?? '', name)
  expect(await schemaProblems([secret as unknown as Manifest])).toEqual([])
})

test('nothing in an encrypted secret can be altered or read without the key', async () => {
  const yaml = await read('backup-secrets.enc.yaml')
  expect(yaml).not.toMatch(/AGE-SECRET-KEY|example-backup/)
  await expect(decryptSops(yaml.replace('name: immich-backup', 'name: other'), identity)).rejects.toThrow(
    'altered',
  )
  const lines = yaml.split('\n')
  const [url, key] = [/^ +database-url:/, /^ +access-key-id:/].map((field) =>
    lines.findIndex((line) => field.test(line)),
  )
  const value = (n = 0): string => (lines[n] ?? '').replace(/^.*: /, '')
  const swapped = yaml.replace(value(url), value(key))
  await expect(decryptSops(swapped, identity)).rejects.toThrow('authenticate data')
})

test('.sops.yaml encrypts for the key of the example, and only what is secret', async () => {
  const rules = parse(await read('.sops.yaml')) as {
    creation_rules: { path_regex: string; encrypted_regex: string; age: string }[]
  }
  const [rule] = rules.creation_rules
  expect('backup-secrets.enc.yaml').toMatch(new RegExp(rule?.path_regex ?? '^$'))
  expect(rule?.encrypted_regex).toBe('^(data|stringData)$')
  expect((await parseIdentity(identity, 'example.agekey')).recipient).toBe(rule?.age)
})

test('what Flux is told is as its schemas want it, and checks what the overlay makes', async () => {
  const sync = await manifestsOf('flux/sync.yaml')
  expect(await schemaProblems(sync)).toEqual([])
  const kustomization = named(sync, 'Kustomization', /./) as Manifest & {
    spec: {
      path: string
      decryption: object
      healthChecks: { kind: string; name: string; namespace: string }[]
    }
  }
  const { path, decryption, healthChecks } = kustomization.spec
  expect(decryption).toEqual({ provider: 'sops', secretRef: { name: 'sops-age' } })
  const made = await rendered(path.replace('./immich-backup/', ''))
  expect(healthChecks.length).toBeGreaterThan(0)
  for (const { kind, name, namespace } of healthChecks)
    expect(named(made, kind, new RegExp(`^${name}$`)).metadata).toMatchObject({ namespace })
})
