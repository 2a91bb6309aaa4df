import { expect, test } from 'vitest'
import { measuredRate } from '../../../src/runs/forecast/measuredRate.ts'
import { storeVerification, type VerificationDocument } from '../../../src/runs/verify/document.ts'
import { verificationKey } from '../../../src/vault/layout.ts'
import { storeJson } from '../../../src/vault/snapshots.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'
import { createTestVault, openTestVault } from '../backedUp.ts'

const mebibyte = 1024 * 1024

/** A verification that began at an hour of a day, and took a hundred seconds. */
function verification(hour: number, changes: Partial<VerificationDocument>): VerificationDocument {
  const started = new Date(Date.UTC(2026, 10, 1, hour))
  return {
    version: 1,
    host: 'main',
    runId: `${hour}`.padStart(16, '0'),
    program: 'safelight test',
    started: started.toISOString(),
    finished: new Date(started.getTime() + 100_000).toISOString(),
    level: 'read',
    outcome: 'good',
    through: [],
    objects: '',
    bad: '',
    checkedObjects: 1,
    checkedBytes: 0,
    damaged: [],
    ...changes,
  }
}

test('the last verification that read enough tells how fast a vault is read', async () => {
  await using folder = await temporaryFolder()
  const test = await createTestVault(folder.path)
  await using opened = await openTestVault(test)
  const { vault } = opened
  const store = async (hour: number, changes: Partial<VerificationDocument>): Promise<void> =>
    void (await storeVerification(vault, verification(hour, changes), {}))
  expect(await measuredRate(vault, {})).toBe(undefined)
  await store(1, { checkedBytes: 1000 * mebibyte })
  expect(await measuredRate(vault, {})).toBe(10 * mebibyte)
  await store(2, { checkedBytes: 500 * mebibyte })
  await store(3, { checkedBytes: 63 * mebibyte })
  expect(await measuredRate(vault, {})).toBe(5 * mebibyte)
  const later = verification(4, { level: 'list', checkedBytes: 900 * mebibyte })
  await storeJson(vault, verificationKey(new Date(later.started), later.runId), { ...later, version: 2 }, {})
  expect(await measuredRate(vault, {})).toBe(5 * mebibyte)
})
