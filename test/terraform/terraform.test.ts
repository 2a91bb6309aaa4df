/* What Terraform itself says, on machines that have it: it can't be had from Debian. */
import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exec } from '../support/exec.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { terraform } from './module.ts'

const hasTerraform = spawnSync('terraform', ['-version']).status === 0

/** The variables that a plan with these values refuses. Their rules need no provider, so they are looked at alone. */
async function refused(module: string, values: readonly string[]): Promise<string[]> {
  await using folder = await temporaryFolder()
  await cp(join(terraform, module, 'variables.tf'), join(folder.path, 'variables.tf'))
  const args = [`-chdir=${folder.path}`, 'plan', '-input=false', '-no-color']
  const given = values.map((value) => `-var=${value}`)
  const { status, stderr } = spawnSync('terraform', [...args, ...given], { encoding: 'utf8' })
  const found = stderr.matchAll(/Invalid value for variable[^]*?variable "(\w+)"/g)
  const names = Array.from(found, ([, name = '']) => name)
  if (status !== 0 && names.length === 0) throw new Error(stderr)
  return names.toSorted()
}

const eks = 'arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AB'

describe.runIf(hasTerraform)('Terraform', () => {
  test('would format nothing otherwise', async () => {
    expect(await exec('terraform', ['fmt', '-check', '-recursive', terraform])).toBe('')
  })

  test.each([
    ['b2', ['bucket=b2-photos', 'lock={mode="governance",days=0}', 'name=a b', 'prefix=/a', 'region=west']],
    ['b2', ['bucket=short', 'keys_in_state=["root"]', 'prefix=a//b', 'region=']],
    ['gcs', ['bucket=-photos', 'location=a b', 'name=1', 'prefix=a/*', 'soft_delete_days=6']],
    ['gcs', ['bucket=p', 'gke={project="P"}', 'location=', 'retention_days=1.5', 'storage_class=GLACIER']],
    ['s3', ['bucket=a.b', 'eks={oidc_provider_arn="x"}', 'lock={mode="none",days=30}', 'name=A', 'prefix=']],
    ['s3', ['bucket=Photos', 'lock={mode="compliance",days=0.5}', 'prefix=a?', 'storage_class=ARCHIVE']],
  ])('refuses what is no value for %s: %s', async (module, values) => {
    expect(await refused(module, values)).toEqual(values.map((value) => value.slice(0, value.indexOf('='))))
  })

  test.each([
    ['b2', ['bucket=photos', 'region=us-west-004', 'keys_in_state=["backup"]', 'prefix=a/b']],
    ['gcs', ['bucket=photos', 'location=EU', 'gke={project="my-cluster"}', 'retention_days=30']],
    ['s3', ['bucket=photos', `eks={oidc_provider_arn="${eks}"}`, 'lock={mode="compliance",days=30}']],
  ])('takes for %s what is one: %s', async (module, values) => {
    expect(await refused(module, values)).toEqual([])
  })
})
