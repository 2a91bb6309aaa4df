import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { backupPart } from '../../../../src/runs/backup/parts/backupPart.ts'
import type { BackupEnd, BackupPlan, BackupResult } from '../../../../src/runs/backup/plan.ts'
import { openSnapshot } from '../../../../src/runs/openSnapshot.ts'
import { pathFromBytes } from '../../../../src/shared/bytePath.ts'
import { createTestVault, openTestVault, type TestVault } from '../../backedUp.ts'
import { openAsDestination, type Fixture } from '../fixture.ts'

/** A library whose directories fall to all of four parts, with names that SQL or a hash might trip over. */
export async function fillLibrary(fixture: Fixture): Promise<void> {
  for (let i = 0; i < 24; i++) {
    await fixture.write(`library/${2000 + i}/${i}.jpg`, Buffer.alloc(40_000, `photo ${i}`))
    await fixture.write(`upload/${i}/007`, `small ${i}`)
  }
  await fixture.write('upload/3/twin.jpg', Buffer.alloc(40_000, 'photo 5'))
  await fixture.write('library/2000/video.mp4', Buffer.alloc(400_000, 'video'))
  await fixture.write(pathFromBytes(Buffer.from('library/odd \xff/\u{1F4F7} \xfe.jpg', 'latin1')), 'odd')
  await symlink('2000/0.jpg', fixture.path('library/link'))
}

export interface PartWishes extends Partial<BackupPlan> {
  job?: string
  of?: number
  /** Which machine: each has a state directory of its own. */
  machine?: string
}

/** Takes a part of a backup, on a machine of its own unless told otherwise. */
export async function endOfPart(
  fixture: Fixture,
  index: number,
  { job = 'night-1', of = 4, machine = `${job}-${index}`, ...wishes }: PartWishes = {},
): Promise<BackupEnd> {
  const { host, ...plan } = fixture.plan(wishes)
  const open = async () => await openAsDestination(fixture.vault, host, join(fixture.folder, machine))
  const [end] = await backupPart({ ...plan, host, part: { job, index, of } }, [{ name: 'disk', open }])
  if (!end) throw new Error('there is no end')
  return end
}

/** Takes a part that has to end well. */
export async function takePart(
  fixture: Fixture,
  index: number,
  wishes: PartWishes = {},
): Promise<BackupResult> {
  const { result, error } = await endOfPart(fixture, index, wishes)
  if (!result) throw error
  return result
}

/** Every path of the newest snapshot, with all that is known of it but when it was last read. */
export async function rowsOf(vault: TestVault, folder: string): Promise<Map<string, unknown>> {
  await using opened = await openTestVault(vault)
  const wish = { host: 'main', choice: {}, knownHeads: [], folder }
  await using snapshot = await openSnapshot(opened.vault, wish)
  const hashes = new Map<string, string>()
  for (const { entry, content } of snapshot.view.filesByContent())
    hashes.set(entry.path, content.sha256.toString('hex'))
  const rows = new Map<string, unknown>()
  for (const { content: _, atime: __, ...row } of snapshot.view.entries())
    rows.set(row.path, { ...row, sha256: hashes.get(row.path) })
  return rows
}

let singles = 0

/** What a single run makes of the library as it is now, in a vault of its own. */
export async function rowsOfSingleRun(fixture: Fixture): Promise<Map<string, unknown>> {
  const folder = join(fixture.folder, `single-${singles++}`)
  const single = fixture.at(await createTestVault(folder))
  await single.backupWell()
  return await rowsOf(single.vault, folder)
}
