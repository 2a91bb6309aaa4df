/*
 * The names of what is measured, and their meaning. docs/metrics.md, the dashboard and the alert rules have them too;
 * tests hold those against this table.
 */

/** Every metric, each with the labels `host` and `destination`. Times are Unix seconds. */
export const metrics = {
  safelight_last_success_timestamp_seconds: 'When the newest good snapshot was made',
  safelight_expected_interval_seconds: 'How old the newest good snapshot may become',
  safelight_overdue: '1 where the newest good snapshot was older than that when this was written',
  safelight_snapshot_files: 'Files in the newest good snapshot',
  safelight_snapshot_bytes: 'Their size',
  safelight_snapshot_assets: 'Assets in the database of the newest good snapshot',
  safelight_last_run_timestamp_seconds: 'When the last backup ended, well or not',
  safelight_last_run_exit_code:
    'Its exit code: 0 done, 3 done but a person should look, anything else failed',
  safelight_last_run_duration_seconds: 'How long the last backup that made a snapshot took',
  safelight_last_run_added_files: 'Files that were new to it',
  safelight_last_run_changed_files: 'Files that had changed',
  safelight_last_run_gone_files: 'Files that were gone',
  safelight_last_run_unread_files: 'Files that could not be read, or kept changing meanwhile',
  safelight_last_run_stored_bytes: 'Bytes that it stored, as they lie in the vault',
  safelight_last_run_missing_files: 'Files that the database names, and that were not there',
  safelight_last_run_mismatched_files: 'Originals whose SHA-1 was not the one that Immich wrote down',
  safelight_last_run_sharp_drop: '1 where a tenth of the files or assets was gone since the snapshot before',
  safelight_last_verification_timestamp_seconds: 'When the last verification ended, well or not',
  safelight_last_verification_exit_code:
    'Its exit code: 0 all good, 1 damaged or failed, 3 not everything was given',
  safelight_verification_bad_objects: 'Objects that it found gone, altered or unreadable',
  safelight_verification_coverage_ratio: 'Share of all objects that were read back within 90 days',
} as const

export type MetricName = keyof typeof metrics

/** What was measured of one destination. What is not here keeps the value that it had. */
export interface Measured {
  host: string
  destination: string
  values: Partial<Record<MetricName, number>>
}
