/* The keys of the module for B2, and the rules of its bucket. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { Module, terraform } from './module.ts'

const module = await Module.read('b2', { 'var.prefix': 'immich' })
const list = z.array(z.string())
const { capabilities } = z
  .object({ capabilities: z.strictObject({ backup: list, verify: list, restore: list }) })
  .parse(module.locals)
const page = await readFile(join(terraform, '../docs/destinations/b2.md'), 'utf8')

test('the keys in the cluster can not delete, lift a lock, or make other keys', () => {
  for (const key of [capabilities.backup, capabilities.verify]) {
    expect(key).toEqual(expect.arrayContaining(['listFiles', 'readFiles', 'writeFiles']))
    for (const capability of key) expect(capability).toMatch(/^(list(Buckets|Files)|read\w+|writeFiles)$/)
  }
  expect(capabilities.restore).toContain('deleteFiles')
  expect(capabilities.restore).not.toContain('bypassGovernance')
})

test('a key is for the vault alone', () => {
  expect(module.resources('b2_application_key').get('identity')).toMatchObject({
    name_prefix: '${var.prefix}/',
    bucket_ids: ['${b2_bucket.vault.bucket_id}'],
    capabilities: '${local.capabilities[each.key]}',
  })
})

test('the keys are those of the page', () => {
  const rows = Array.from(page.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm), ([, name, shown = '']) => [
    name,
    Array.from(shown.matchAll(/`(\w+)`/g), ([, capability]) => capability),
  ])
  expect(rows).toEqual(expect.arrayContaining(Object.entries(capabilities)))
})

test('no two rules are for the same file, and only notes expire', () => {
  const bucket = module.resources('b2_bucket').get('vault')
  expect(bucket?.['lifecycle_rules']).toEqual([
    {
      file_name_prefix: '${var.prefix}/uploads/',
      days_from_uploading_to_hiding: 8,
      days_from_hiding_to_deleting: 1,
    },
  ])
  const [dynamic] = z
    .object({ lifecycle_rules: z.array(z.object({ for_each: list, content: z.array(z.unknown()) })) })
    .parse(bucket?.['dynamic']).lifecycle_rules
  expect(dynamic?.for_each).toEqual(['database', 'hosts', 'objects', 'packs'])
  expect(dynamic?.content).toEqual([
    {
      file_name_prefix: '${var.prefix}/${lifecycle_rules.value}/',
      days_from_starting_to_canceling_unfinished_large_files: 8,
    },
  ])
})
