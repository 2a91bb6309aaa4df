import { mkdtempDisposable } from 'node:fs/promises'
import { join } from 'node:path'
import { measure, type Usage } from '../../bench/command.ts'
import { makePlace, type Place, type PlaceType } from '../../bench/places.ts'
import { createVault } from '../../bench/programs/safelight.ts'
import { startHttpProxy, type HttpProxy } from '../support/httpProxy.ts'
import { placeName, type Surroundings } from './surroundings.ts'

const memoryLimit = 300e6
const memoryLimitUnchanged = 250e6
/** Of a run without a database and with local state. */
const mostRequests = 8
const wallLimit = 1.5
const repeats = 3

/**
 * Backs up very many tiny files, then finds that nothing changed, in so much more time than `find` takes to look at
 * them, and so many storage requests.
 */
export async function littleIsDoneWhenNothingChanged(
  library: string,
  type: PlaceType,
  { folder, server, report }: Surroundings,
): Promise<void> {
  const part = `very many files, ${placeName(type)}`
  await using own = await mkdtempDisposable(join(folder, 'vault-'))
  await using made = await makePlace(type, own.path, server)
  await using proxy = made.place.type === 's3' ? await startHttpProxy(made.place.server.endpoint) : undefined
  const call = await createVault({ library, place: through(proxy, made.place), home: own.path })

  const { usage } = await measure(call('backup'), own.path)
  report.add(part, 'backup', usage, memoryLimit)
  proxy?.requests.splice(0)

  const find = { program: 'find', args: [library, '-printf', '%s %T@\\n'] }
  const ours: Usage[] = []
  const finds: Usage[] = []
  for (let i = 1; i <= repeats; i++) {
    finds.push((await measure(find, own.path)).usage)
    const unchanged = (await measure(call('backup'), own.path)).usage
    report.add(part, `backup, nothing changed, run ${i}`, unchanged, memoryLimitUnchanged)
    ours.push(unchanged)
  }
  const ratio = leastWall(ours) / leastWall(finds)
  report.note(part, 'find, best of all', leastWall(finds).toFixed(2))
  report.note(part, 'nothing changed : find', ratio.toFixed(2))
  report.require(ratio < wallLimit, `${part}: ${ratio.toFixed(2)} times find, over ${wallLimit}`)
  if (!proxy) return
  const requests = proxy.requests.length / repeats
  report.note(part, 'storage requests', String(requests))
  report.require(
    requests <= mostRequests,
    `${part}: ${requests} storage requests, over ${mostRequests}: ${proxy.requests.join(', ')}`,
  )
}

function through(proxy: HttpProxy | undefined, place: Place): Place {
  if (!proxy || place.type === 'local') return place
  return { ...place, server: { ...place.server, endpoint: proxy.url } }
}

function leastWall(usages: readonly Usage[]): number {
  return Math.min(...usages.map(({ wall }) => wall))
}
