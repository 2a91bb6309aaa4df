/* What the service accounts of the module for Google Cloud may do, by the roles and conditions that it gives them. */
import * as z from 'zod'
import { Module } from './module.ts'

export type Identity = 'backup' | 'verify' | 'restore'

/**
 * Of the permissions of each role, those on objects and on the bucket that any call here could take.
 * https://cloud.google.com/storage/docs/access-control/iam-roles
 */
const permissions: Readonly<Record<string, readonly string[]>> = {
  'roles/storage.legacyBucketReader': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.objectCreator': ['storage.objects.create'],
  'roles/storage.objectViewer': ['storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectUser': [
    'storage.objects.create',
    'storage.objects.delete',
    'storage.objects.get',
    'storage.objects.list',
    'storage.objects.restore',
    'storage.objects.update',
  ],
}

const grant = z.strictObject({
  for_each: z.literal('${local.identities}').optional(),
  bucket: z.literal('${google_storage_bucket.vault.name}'),
  role: z.string(),
  member: z.string(),
  condition: z.tuple([z.strictObject({ title: z.string(), expression: z.string() })]).optional(),
})

interface Grant {
  /** Undefined: to each. */
  identity: string | undefined
  permissions: readonly string[]
  /** Whether it is for what is called so. */
  isFor: (resource: string) => boolean
}

/** Whether an identity has a permission: on an object, or on the bucket where no object is named. */
export type Rights = (identity: Identity, permission: string, object?: string) => boolean

/** @param bucket which has a vault below `immich`. */
export async function gcsRights(bucket: string): Promise<Rights> {
  const module = await Module.read('gcs', {
    'var.prefix': 'immich',
    'google_storage_bucket.vault.name': bucket,
  })
  const grants = [...module.resources('google_storage_bucket_iam_member').values()].map((block) =>
    grantOf(module, grant.parse(block)),
  )
  return (identity, permission, object) => {
    const resource = `projects/_/buckets/${bucket}${object === undefined ? '' : `/objects/${object}`}`
    return grants.some(
      (one) =>
        (one.identity ?? identity) === identity &&
        one.permissions.includes(permission) &&
        one.isFor(resource),
    )
  }
}

function grantOf(module: Module, { role, member, condition, ...rest }: z.infer<typeof grant>): Grant {
  const known = permissions[role]
  if (known === undefined) throw new Error(`nothing here knows the role ${role}`)
  const [, who = ''] = /^\$\{google_service_account\.identity\[(.+)\]\.member\}$/.exec(member) ?? []
  const isEach = who === 'each.key' && rest.for_each !== undefined
  return {
    identity: isEach ? undefined : z.string().parse(JSON.parse(who)),
    permissions: known,
    isFor: condition === undefined ? () => true : conditionOf(module, condition[0].expression),
  }
}

/** @throws Error unless the expression is made of comparisons with names, joined by `||`. */
function conditionOf(module: Module, expression: string): Grant['isFor'] {
  const [, list] = /^\$\{join\(" \|\| ", (\[[^]*\])\)\}$/.exec(expression) ?? []
  // A list of texts is the same in both languages, but for the comma at its end.
  const terms = list === undefined ? [expression] : (JSON.parse(list.replace(/,\s*\]$/, ']')) as string[])
  const tests = module.texts(terms).map((term): Grant['isFor'] => {
    const [, name] = /^resource\.name == "([^"]*)"$/.exec(term) ?? []
    if (name !== undefined) return (resource) => resource === name
    const [, start] = /^resource\.name\.startsWith\("([^"]*)"\)$/.exec(term) ?? []
    if (start === undefined) throw new Error(`a condition of an unknown kind: ${term}`)
    return (resource) => resource.startsWith(start)
  })
  return (resource) => tests.some((isFor) => isFor(resource))
}
