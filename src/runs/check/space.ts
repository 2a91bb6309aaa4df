import { statfs } from 'node:fs/promises'
import { formatBytes } from '../../shared/format.ts'
import type { TrialVerdict } from '../../storage/trial.ts'

export const mebibyte = 1024 * 1024

/** What a place should have free, in bytes. */
export interface SpaceNeeds {
  /** Less is a failure. */
  least: number
  /** Less is soon too little. */
  comfortable: number
}

/** Whether a folder's file system has room for us. */
export async function checkSpace(folder: string, { least, comfortable }: SpaceNeeds): Promise<TrialVerdict> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const detail = `${formatBytes(free)} free in ${folder}`
  if (free >= comfortable) return { result: 'good', detail }
  const remedy = `Make room: ${formatBytes(comfortable)} or more.`
  return { result: free < least ? 'bad' : 'weak', detail, remedy }
}
