import { expect, test } from 'vitest'
import { messageOf, testMessage } from '../../src/notify/compose.ts'
import type { Event } from '../../src/notify/event.ts'
import * as samples from './samples.ts'

/** As a mail program would show it. */
function shown(event: Event): string {
  const { severity, subject, text } = messageOf(event)
  return `[${severity}] ${subject}\n\n${text}`
}

test('a backup to one destination failed, and another has a new one', () => {
  expect(shown(samples.failure)).toMatchInlineSnapshot(`
    "[bad] The photo backup to cloud failed

    What happened:
    There is no new backup at cloud.
    cloud: the bucket photos does not let these credentials in (403)

    What is safe:
    Everything that was backed up before: a failed run takes nothing away.
    The last good backup to cloud is of 2026-11-20 03:19:30 UTC, 1 d 00 h ago.
    The same run made a new backup at disk.

    What to do:
    Look whether the access key still exists.
    The next backup goes on from where this one ended."
  `)
})

test('a backup failed everywhere, for one reason', () => {
  expect(shown(samples.failureEverywhere)).toMatchInlineSnapshot(`
    "[bad] The photo backup of attic to disk, cloud and friend failed

    What happened:
    There is no new backup at disk, cloud and friend.
    disk, cloud and friend:
      the configuration has one problem
        safelight.yaml:1: library: there is no folder /data

    What is safe:
    Everything that was backed up before: a failed run takes nothing away.

    What to do:
    Look with 'safelight check' what keeps it from working.
    The next backup goes on from where this one ended."
  `)
})

test('a vault is gone: nobody says that what was in it is safe', () => {
  expect(shown(samples.vaultGone)).toMatchInlineSnapshot(`
    "[bad] The photo backup to disk failed

    What happened:
    There is no new backup at disk.
    disk: there is no vault at /mnt/disk: it has no vault.json

    What is safe:
    Whether the earlier backups at disk are still there is not known.
    The last good backup to disk is of 2026-11-20 03:19:30 UTC, 1 d 00 h ago.

    What to do:
    The configuration says that one was here: it was emptied, or is not mounted. Look at the storage first."
  `)
})

test('a vault is gone, and another storage refuses', () => {
  expect(shown(samples.failureOfTwoKinds)).toMatchInlineSnapshot(`
    "[bad] The photo backup to disk and cloud failed

    What happened:
    There is no new backup at disk and cloud.
    disk: there is no vault at /mnt/disk: it has no vault.json
    cloud: the bucket photos does not let these credentials in (403)

    What is safe:
    Everything that was backed up before at cloud: a failed run takes nothing away.
    Whether the earlier backups at disk are still there is not known.
    The last good backup to disk is of 2026-11-20 03:19:30 UTC, 1 d 00 h ago.
    The last good backup to cloud is of 2026-11-20 03:19:30 UTC, 1 d 00 h ago.

    What to do:
    The configuration says that one was here: it was emptied, or is not mounted. Look at the storage first.
    Look whether the access key still exists.
    The next backup goes on from where this one ended."
  `)
})

test('there is a backup, but not of everything', () => {
  expect(shown(samples.partial)).toMatchInlineSnapshot(`
    "[warning] The photo backup to disk and cloud needs a look

    What happened:
    There is a new backup at disk and cloud, but not everything in it is as it should be.
    disk and cloud: 12 files could not be read; what was stored before is kept in the snapshot

    What is safe:
    Everything else, and all earlier snapshots.
    disk: Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB.
    cloud: Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB.

    What to do:
    The output of the run names the files. Look at them: their permissions, their disk, and whether Immich shows them.
    The next backup tries them again."
  `)
})

test('much is gone from the library', () => {
  expect(shown(samples.sharpDrop)).toMatchInlineSnapshot(`
    "[bad] Many photos are gone since the last photo backup

    What happened:
    The new backup at disk has much less than the one before.
    disk: files dropped sharply, from 48,210 to 1,200, since snapshot 6

    What is safe:
    All that is gone from the library is still in the earlier snapshots. Nothing was removed from them.
    At disk the snapshot before is 6-fedcba9876543210.

    What to do:
    If you deleted these photos yourself: nothing.
    If not, look at the library first: is its disk mounted, and does Immich show the photos?
    What is missing comes back with: safelight restore --from disk --snapshot 6-fedcba9876543210 --to FOLDER"
  `)
})

test('a backup works again', () => {
  expect(shown(samples.recovery)).toMatchInlineSnapshot(`
    "[good] The photo backup to cloud works again

    What happened:
    There is a good backup at cloud again, for the first time since 2026-11-18 03:17:30 UTC, 3 d 00 h ago.

    What is safe:
    cloud: Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB.

    What to do:
    Nothing."
  `)
})

test('a verification is good again', () => {
  expect(shown(samples.verified)).toMatchInlineSnapshot(`
    "[good] The photo backup at cloud is verified again

    What happened:
    The verification of cloud found nothing wrong any more. It had, since 2026-11-14 09:40:00 UTC, 6 d 17 h ago.

    What is safe:
    cloud: everything that was verified.

    What to do:
    Nothing."
  `)
})

test('the first backup is done', () => {
  expect(shown(samples.firstSuccess)).toMatchInlineSnapshot(`
    "[good] The first photo backup to disk is done

    What happened:
    There is a first whole backup at disk. From now on only what is new is stored.

    What is safe:
    disk: Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB. With it is the database of Immich 3.1.0.

    What to do:
    Make sure that copies of the identity and the recovery sheet lie away from this machine: without an identity nobody can read the backup.
    Prove that it comes back: 'safelight verify-restore', now and then."
  `)
})

test('a backup is overdue', () => {
  expect(shown(samples.overdue)).toMatchInlineSnapshot(`
    "[bad] No photo backup to cloud for 3 days

    What happened:
    The last good backup to cloud is of 2026-11-18 03:17:30 UTC, 3 d 00 h ago. One was expected every 1 d 02 h.

    What is safe:
    Everything that was there at that time.

    What to do:
    Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.
    'safelight status' shows more, and 'safelight backup' makes one now."
  `)
})

test('there was never a backup', () => {
  expect(shown(samples.neverBackedUp)).toMatchInlineSnapshot(`
    "[bad] There is no photo backup to friend yet

    What happened:
    No good backup was ever made to friend.

    What is safe:
    Nothing, as far as these destinations go.

    What to do:
    Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.
    'safelight status' shows more, and 'safelight backup' makes one now."
  `)
})

test('a vault can not be looked at: nobody says that there never was a backup', () => {
  expect(shown(samples.unseen)).toMatchInlineSnapshot(`
    "[bad] The photo backup to friend can't be seen

    What happened:
    Whether there is a good backup at friend can't be seen: the SSH server friend.example.org does not answer

    What is safe:
    That is not known.

    What to do:
    'safelight check' says what keeps a vault from being looked at.
    Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.
    'safelight status' shows more, and 'safelight backup' makes one now."
  `)
})

test('a vault can not be looked at, and the last backup that is known of is old', () => {
  expect(shown(samples.overdueAndUnseen)).toMatchInlineSnapshot(`
    "[bad] No photo backup to cloud for 3 days

    What happened:
    The last good backup to cloud that is known here is of 2026-11-18 03:17:30 UTC, 3 d 00 h ago. One was expected every 1 d 02 h. Whether there is a newer one can't be seen: it did not answer within 30 seconds

    What is safe:
    That is not known.

    What to do:
    'safelight check' says what keeps a vault from being looked at.
    Look whether the machine and the timer, cron job or CronJob that runs 'safelight backup' still do.
    'safelight status' shows more, and 'safelight backup' makes one now."
  `)
})

test('a vault is damaged', () => {
  expect(shown(samples.damaged)).toMatchInlineSnapshot(`
    "[bad] The backup at disk is damaged

    What happened:
    The verification found 2 things at disk that are gone or not what was stored.
    Objects: 200 of 16,400 objects checked, 2 bad
    3 files would not come back whole.

    What is safe:
    Everything else there. The library itself, and backups at other destinations, are not concerned.

    What to do:
    Delete nothing.
    See what it is with: safelight verify-restore --from disk
    Look whether the storage keeps older versions of the objects that it names, and put those back."
  `)
})

test('a storage did not give everything', () => {
  expect(shown(samples.incomplete)).toMatchInlineSnapshot(`
    "[warning] The backup at disk could not be read entirely

    What happened:
    The storage of disk did not give everything: 5 findings.
    Objects: 195 of 16,400 objects checked, 5 bad

    What is safe:
    Nothing says that anything is damaged.

    What to do:
    Look at the storage, and verify again: safelight verify-restore --from disk"
  `)
})

test('a vault could not be verified', () => {
  expect(shown(samples.unverified)).toMatchInlineSnapshot(`
    "[warning] The backup at disk could not be verified

    What happened:
    disk: the vault does not show snapshot record 9-0123456789abcdef, which the state directory remembers

    What is safe:
    That is not known, until a verification ends.

    What to do:
    Records were deleted or are being hidden, or an older copy of the vault was put in place."
  `)
})

test('a good week', () => {
  expect(shown(samples.goodWeek)).toMatchInlineSnapshot(`
    "[good] Weekly photo backup report: all is well

    disk:
      Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB.
      Verified: every object was read back since 2026-08-01."
  `)
})

test('a week with troubles', () => {
  expect(shown(samples.badWeek)).toMatchInlineSnapshot(`
    "[warning] Weekly photo backup report: cloud, friend and attic need a look

    disk:
      Snapshot 7-0123456789abcdef of 2026-11-21 03:21:04 UTC has 48,210 files, 291 GiB.
      Verified: every object was read back since 2026-08-01.

    cloud:
      Snapshot 7-0123456789abcdef of 2026-11-18 03:17:30 UTC has 48,210 files, 291 GiB.
      The last good backup is 3 d 00 h old, and one is expected every 26 h.

    friend:
      There is no good backup yet.

    attic:
      Whether there is a good backup can't be seen.
      The SSH server attic.example.org does not answer."
  `)
})

test('every subject can be read on a phone, and says at once what it is about', () => {
  for (const event of samples.everyEvent) {
    const { subject } = messageOf(event)
    expect(subject.length).toBeLessThan(65)
    expect(subject).toMatch(/photo|backup/i)
  }
})

test('every message says what happened, what is safe and what to do, in this order', () => {
  for (const event of samples.everyEvent.filter(({ kind }) => kind !== 'digest')) {
    expect(messageOf(event).text).toMatch(
      /^What happened:\n[^]+\n\nWhat is safe:\n[^]+\n\nWhat to do:\n[^]+[.:]?$/,
    )
  }
})

test('a host is named where it has a name of its own', () => {
  expect(messageOf(samples.failureEverywhere).subject).toContain('attic')
  expect(messageOf(samples.failure).subject).not.toContain('main')
})

test('a test message names no event', () => {
  expect(testMessage('main')).toMatchObject({ kind: 'test', severity: 'good', destinations: [] })
})
