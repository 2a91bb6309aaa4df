/* What the policies for S3 allow, by Amazon's rules; what a real server makes of them is in s3Rights.test.ts. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { dialects } from '../../src/storage/s3/dialects.ts'
import { isAllowed, type Request } from './iam.ts'
import { Module, terraform } from './module.ts'
import { s3LifecycleRules, s3Policies } from './policies.ts'

const policies = await s3Policies('photos')
type Identity = 'backup' | 'verify' | 'restore'
const identities = ['backup', 'verify', 'restore'] as const

const tls = { 'aws:SecureTransport': 'true' }
const bucket = 'arn:aws:s3:::photos'

/** Requests of Amazon's that create, by what they are authorized as. */
const creates = {
  'creates ': { 's3:if-none-match': '*', 's3:ObjectCreationOperation': 'true' },
  'replaces ': { 's3:ObjectCreationOperation': 'true' },
  'begins an upload to ': { 's3:ObjectCreationOperation': 'false' },
  'sends a part of ': { 's3:ObjectCreationOperation': 'false' },
} as const
const others = {
  'reads ': 's3:GetObject',
  'reads an older version of ': 's3:GetObjectVersion',
  'thaws ': 's3:RestoreObject',
  'hides ': 's3:DeleteObject',
  'deletes a version of ': 's3:DeleteObjectVersion',
  'asks for the parts of ': 's3:ListMultipartUploadParts',
  'gives up an upload to ': 's3:AbortMultipartUpload',
  'locks ': 's3:PutObjectRetention',
  'lifts the lock of ': 's3:BypassGovernanceRetention',
} as const
type Deed = keyof typeof creates | keyof typeof others

function request(deed: Deed, key: string): Request {
  const resource = `${bucket}/${key}`
  if (deed in others) return { action: others[deed as keyof typeof others], resource, context: tls }
  return { action: 's3:PutObject', resource, context: { ...tls, ...creates[deed as keyof typeof creates] } }
}

function allowed(identity: Identity, asked: Request): boolean {
  return isAllowed([...policies[identity], ...policies.bucket], asked)
}

const contents = ['objects/ab/cd', 'packs/0123-1', 'database/2026-immich.sql.gz']
const index = ['vault.json', 'keys/index/1.sealed', 'keys/ab/1.age', 'hosts/main/snapshots/0000000001-ab']
const notes = ['uploads/ab-cd', 'runs/2026-ab', 'verifications/2026-ab']
const vault = [...contents, ...index, ...notes].map((key) => `immich/${key}`)

/** Each deed, and below the prefix of the vault the keys that it may be done to; nobody may do it elsewhere. */
const rights: Record<Identity, Partial<Record<Deed, readonly string[]>>> = {
  backup: {
    'creates ': vault,
    'begins an upload to ': vault,
    'sends a part of ': vault,
    'asks for the parts of ': vault,
    'gives up an upload to ': vault,
    'reads ': [...index, ...notes].map((key) => `immich/${key}`),
  },
  verify: {
    'creates ': ['immich/verifications/2026-ab'],
    'begins an upload to ': ['immich/verifications/2026-ab'],
    'sends a part of ': ['immich/verifications/2026-ab'],
    'reads ': vault,
  },
  restore: {
    'creates ': vault,
    'begins an upload to ': vault,
    'sends a part of ': vault,
    'gives up an upload to ': vault,
    'reads ': vault,
    'reads an older version of ': vault,
    'thaws ': vault,
    'hides ': vault,
    'deletes a version of ': vault,
  },
}
const elsewhere = ['other/objects/ab/cd', 'immich2/vault.json', 'vault.json', 'immich']
const deeds = [...Object.keys(creates), ...Object.keys(others)] as Deed[]

describe.each(identities)('the identity %s', (identity) => {
  test.each(deeds)('%swhat it may, and nothing else', (deed) => {
    const may = [...vault, ...elsewhere].filter((key) => allowed(identity, request(deed, key)))
    expect(may).toEqual(rights[identity][deed] ?? [])
  })

  test('does nothing without TLS', () => {
    for (const [deed, [key = ''] = []] of Object.entries(rights[identity])) {
      const secure = request(deed as Deed, key)
      expect(allowed(identity, secure)).toBe(true)
      const context = { ...secure.context, 'aws:SecureTransport': 'false' }
      expect(allowed(identity, { ...secure, context })).toBe(false)
    }
  })

  test('lists the bucket, and changes nothing about it', () => {
    const may = (action: string): boolean =>
      allowed(identity, { action: `s3:${action}`, resource: bucket, context: tls })
    expect(may('ListBucket')).toBe(true)
    const settings = ['BucketPolicy', 'LifecycleConfiguration', 'BucketVersioning', 'BucketAcl']
    for (const setting of [...settings, 'BucketObjectLockConfiguration'])
      expect(may(`Put${setting}`)).toBe(false)
    expect(may('DeleteBucket')).toBe(false)
    expect(may('DeleteBucketPolicy')).toBe(false)
  })
})

test('of those in the cluster, none has a right to delete or lock anything, wherever', () => {
  const actions = [...policies.backup, ...policies.verify].flatMap(({ Action }) => Action)
  expect(actions.length).toBeGreaterThan(0)
  for (const action of actions) expect(action).toMatch(/^s3:(PutObject|Get\w+|List\w+|AbortMultipartUpload)$/)
})

test('the rules and the policies are those of the page', async () => {
  const page = await readFile(join(terraform, '../docs/destinations/s3.md'), 'utf8')
  const [lifecycle, ...shown] = Array.from(
    page.matchAll(/```json\n([^]*?)```/g),
    ([, json = '']) => JSON.parse(json) as unknown,
  )
  expect(lifecycle).toEqual({ Rules: await s3LifecycleRules() })
  expect(shown.map((policy) => shownPolicy.parse(policy).Statement)).toEqual([
    policies.bucket,
    policies.backup,
    policies.verify,
  ])
})

const textOrList = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat())
const shownPolicy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string(),
      Effect: z.enum(['Allow', 'Deny']),
      Principal: z.literal('*').optional(),
      Action: textOrList,
      Resource: textOrList,
      Condition: z.record(z.string(), z.record(z.string(), textOrList)).default({}),
    }),
  ),
})

test('every class that Safelight knows can be chosen', async () => {
  const { variables } = await Module.read('s3')
  const condition = JSON.stringify(variables['storage_class'])
  const classes = Array.from(condition.matchAll(/\\"([A-Z_]+)\\"/g), ([, name]) => name)
  expect(classes).toEqual(dialects.aws.storageClasses)
})
