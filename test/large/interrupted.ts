import type { PlaceType } from '../../bench/places.ts'
import { killedOnDisk, killedOnS3 } from '../runs/backup/killedNearEnd.ts'
import { placeName, type Surroundings } from './surroundings.ts'

const memoryLimit = 300e6

/** Kills a backup of one large film at 90 %, and goes on with an empty state directory. */
export async function anUploadGoesOn(
  bytes: number,
  type: PlaceType,
  { server, report }: Pick<Surroundings, 'server' | 'report'>,
): Promise<void> {
  const part = `an upload killed at 90 %, ${placeName(type)}`
  const megabytes = Math.ceil(bytes / 1e6)
  const killed = type === 's3' && server ? await killedOnS3(server, megabytes) : await killedOnDisk(megabytes)
  const { sentAgain, allowed, maxRss } = killed
  report.note(part, 'sent again', inMegabytes(sentAgain))
  report.note(part, 'peak memory of the second run', inMegabytes(maxRss))
  report.require(sentAgain < allowed, `${part}: ${inMegabytes(sentAgain)} were sent again`)
  report.require(maxRss < memoryLimit, `${part}: ${inMegabytes(maxRss)} of memory`)
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
