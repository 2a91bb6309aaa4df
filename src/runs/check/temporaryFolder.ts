import { tmpdir } from 'node:os'
import type { Finding } from '../../storage/probe/finding.ts'
import { checkSpace, mebibyte } from './space.ts'
import { existingFolder, requireWritable } from './writable.ts'

/** Certificates and logs of the programs that are run: little, but without it nothing goes. */
const needs = { least: mebibyte, comfortable: 50 * mebibyte }

/** Whether programs that a backup runs have a place for their files. */
export async function* checkTemporaryFolder(): AsyncGenerator<Finding> {
  const folder = await existingFolder(tmpdir())
  await requireWritable(folder, 'Let TMPDIR name a folder that can be written.')
  yield { what: 'temporary files', ...(await checkSpace(folder, needs)) }
}
