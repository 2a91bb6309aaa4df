import { expect, test } from 'vitest'
import { measuredBackup, measuredVerification } from '../../../src/runs/telling/measured.ts'
import type { VerifyResult } from '../../../src/runs/verify/verification.ts'
import { exitCodes, UserError } from '../../../src/shared/errors.ts'
import { day, failed, hour, made, now, recordWith } from './ends.ts'

const nowSeconds = now.getTime() / 1000

test('a backup measures its snapshot and itself', () => {
  const { host, destination, values } = measuredBackup(made('disk'), 'main', now)
  expect({ host, destination }).toEqual({ host: 'main', destination: 'disk' })
  expect(values).toEqual({
    safelight_last_success_timestamp_seconds: nowSeconds - 5,
    safelight_expected_interval_seconds: 93_600,
    safelight_overdue: 0,
    safelight_snapshot_files: 48_210,
    safelight_snapshot_bytes: 312_400_000_000,
    safelight_snapshot_assets: 16_010,
    safelight_last_run_timestamp_seconds: nowSeconds,
    safelight_last_run_exit_code: 0,
    safelight_last_run_duration_seconds: 244,
    safelight_last_run_added_files: 12,
    safelight_last_run_changed_files: 1,
    safelight_last_run_gone_files: 2,
    safelight_last_run_unread_files: 0,
    safelight_last_run_stored_bytes: 84_000_000,
    safelight_last_run_missing_files: 0,
    safelight_last_run_mismatched_files: 0,
    safelight_last_run_sharp_drop: 0,
  })
})

test('a duration has no more digits than the clock', () => {
  const times = { started: '2026-11-21T17:46:39.023Z', created: '2026-11-21T17:46:40.509Z' }
  const { values } = measuredBackup(made('disk', { record: recordWith(times) }), 'main', now)
  expect(values.safelight_last_run_duration_seconds).toBe(1.486)
})

test('a backup without a database says nothing of assets', () => {
  const { values } = measuredBackup(made('disk', { record: recordWith({ crossCheck: null }) }), 'main', now)
  expect(Object.keys(values).filter((name) => /assets|missing|mismatched/.test(name))).toEqual([])
})

test('a backup that failed says when the last good one was, where that is known', () => {
  const late = failed('disk', { exitCode: exitCodes.wrongKey, lastGood: new Date(now.getTime() - 2 * day) })
  expect(measuredBackup(late, 'main', now).values).toEqual({
    safelight_last_run_timestamp_seconds: nowSeconds,
    safelight_last_run_exit_code: 12,
    safelight_expected_interval_seconds: 93_600,
    safelight_last_success_timestamp_seconds: nowSeconds - 2 * 86_400,
    safelight_overdue: 1,
  })
  const { values } = measuredBackup(failed('disk', { lastGood: undefined }), 'main', now)
  expect(values).not.toHaveProperty('safelight_last_success_timestamp_seconds')
  expect(values).not.toHaveProperty('safelight_overdue')
})

test('a verification measures what it covers', () => {
  const result = {
    exitCode: exitCodes.failed,
    snapshot: { name: '7-0123456789abcdef', created: new Date(now.getTime() - hour).toISOString() },
    objects: { total: 1000, checked: 200, bytes: 1, bad: 2 },
    coverage: { read: { objects: 1000, never: 500, since: null, recent: 250 } },
  } as unknown as VerifyResult
  expect(measuredVerification({ destination: 'disk', result }, 26 * hour, 'main', now)?.values).toEqual({
    safelight_last_verification_timestamp_seconds: nowSeconds,
    safelight_last_verification_exit_code: 1,
    safelight_expected_interval_seconds: 93_600,
    safelight_last_success_timestamp_seconds: nowSeconds - 3600,
    safelight_overdue: 0,
    safelight_verification_bad_objects: 2,
    safelight_verification_coverage_ratio: 0.25,
  })
})

test('a verification that could not be done has its exit code, and one that was interrupted nothing', () => {
  const hidden = new UserError('a snapshot is hidden', { exitCode: exitCodes.noVault })
  const { values } = measuredVerification({ destination: 'disk', error: hidden }, hour, 'main', now) ?? {}
  expect(values).toEqual({
    safelight_last_verification_timestamp_seconds: nowSeconds,
    safelight_last_verification_exit_code: 10,
  })
  const stop = new DOMException('stop', 'AbortError')
  expect(measuredVerification({ destination: 'disk', error: stop }, hour, 'main', now)).toBeUndefined()
})
