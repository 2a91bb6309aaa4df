import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { verify } from '../../../src/runs/verify/verify.ts'
import type { VerifyOptions, VerifyResult } from '../../../src/runs/verify/verification.ts'
import { UserError } from '../../../src/shared/errors.ts'
import { DataKeyRing } from '../../../src/vault/dataKeys.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { openTestVault, type TestVault } from '../backedUp.ts'

type Wishes = Partial<
  Pick<
    VerifyOptions,
    'level' | 'extent' | 'maxBytes' | 'knownHeads' | 'now' | 'signal' | 'onProgress' | 'vault'
  >
> &
  Parameters<typeof openTestVault>[1]

/** Verifies a test's vault: all of it at level read, unless it is told otherwise. */
export async function verifyVault(
  test: TestVault,
  { path, identity, ...wishes }: Wishes = {},
): Promise<VerifyResult> {
  await using opened = await openTestVault(test, {
    ...(path === undefined ? {} : { path }),
    ...(identity === undefined ? {} : { identity }),
  })
  await using folder = await temporaryFolder()
  return await verify({
    vault: opened.vault,
    storage: opened.storage,
    keys: new DataKeyRing(opened.vault, opened.identity),
    host: 'main',
    knownHeads: [],
    level: 'read',
    extent: 'all',
    maxBytes: Number.POSITIVE_INFINITY,
    folder: folder.path,
    program: 'safelight test',
    now: () => new Date(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...wishes,
  })
}

/** Forgets earlier verifications, so that every one begins alike. */
export async function forgetVerifications({ path }: TestVault): Promise<void> {
  await rm(join(path, 'verifications'), { recursive: true, force: true })
  await mkdir(join(path, 'verifications'), { recursive: true })
}

/** The keys of what a verification finds, in order, or `refused` when the vault is not even opened. */
export async function findingsIn(test: TestVault, wishes: Wishes = {}): Promise<string[] | 'refused'> {
  try {
    const { findings, outcome, exitCode } = await verifyVault(test, wishes)
    const expected =
      findings.length > 0 ? { outcome: 'damaged', exitCode: 1 } : { outcome: 'good', exitCode: 0 }
    expect({ outcome, exitCode }).toEqual(expected)
    return findings.map(({ key }) => key).toSorted((a, b) => (a < b ? -1 : 1))
  } catch (error) {
    if (error instanceof UserError) return 'refused'
    throw error
  }
}
