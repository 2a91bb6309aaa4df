import {
  killedOnDisk,
  killedOnDrive,
  killedOnGcs,
  killedOnS3,
  killedOnSftp,
  type GoneOn,
} from '../runs/backup/killedNearEnd.ts'
import type { Surroundings } from './surroundings.ts'

const memoryLimit = 300e6

/**
 * Kills a backup of one large film at 90 %, and goes on with an empty state directory: on each backend that can, S3 where
 * there is a server.
 */
export async function anUploadGoesOn(
  bytes: number,
  { server, report }: Pick<Surroundings, 'server' | 'report'>,
): Promise<void> {
  const megabytes = Math.ceil(bytes / 1e6)
  const runs: Record<string, (megabytes: number) => Promise<GoneOn>> = {
    local: killedOnDisk,
    ...(server && { S3: async () => await killedOnS3(server, megabytes) }),
    'Google Cloud Storage': killedOnGcs,
    'Google Drive': killedOnDrive,
    SFTP: killedOnSftp,
  }
  for (const [name, killed] of Object.entries(runs)) {
    const part = `an upload killed at 90 %, ${name}`
    const { sentAgain, allowed, maxRss } = await killed(megabytes)
    report.note(part, 'sent again', inMegabytes(sentAgain))
    report.note(part, 'peak memory of the second run', inMegabytes(maxRss))
    report.require(sentAgain < allowed, `${part}: ${inMegabytes(sentAgain)} were sent again`)
    report.require(maxRss < memoryLimit, `${part}: ${inMegabytes(maxRss)} of memory`)
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
