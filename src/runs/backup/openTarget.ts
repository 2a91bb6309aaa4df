import { randomBytes } from 'node:crypto'
import { workingCopyError } from '../../manifest/damage.ts'
import { lockFolder } from '../../state/folderLock.ts'
import { heldError } from '../../state/holder.ts'
import { DestinationJobs } from '../jobs/destinationJobs.ts'
import { workingCopy } from '../stateFolder.ts'
import type { HostChain } from './hostChain.ts'
import { openHostChain } from './openHostChain.ts'
import { importParts } from './parts/importParts.ts'
import { openPartChain } from './parts/openPartChain.ts'
import { partSuffix } from './parts/part.ts'
import type { BackupDestination, BackupPlan, DestinationVault } from './plan.ts'

/** A destination that is ready to be backed up to: its vault is open, its state is this run's alone. */
export interface OpenTarget extends Omit<DestinationVault, symbol>, AsyncDisposable {
  name: string
  chain: HostChain
  jobs: DestinationJobs
  started: Date
}

/** Opens a destination, and brings its manifest up to its newest record. @throws when that can't be done. */
export async function openTarget(plan: BackupPlan, destination: BackupDestination): Promise<OpenTarget> {
  const { host, part, join, dryRun: readOnly = false, now, signal } = plan
  const { name, open, take = takeAlone(name), jobs = new DestinationJobs(name, [], now) } = destination
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await open())
  const { vault } = opened
  const folder = part ? opened.folder + partSuffix(part) : opened.folder
  stack.use(take(folder))
  const started = now()
  const runId = randomBytes(8).toString('hex')
  try {
    const options = { host, folder, runId, now: started, readOnly, signal }
    const chain = part ? await openPartChain(vault, part, options) : await openHostChain(vault, options)
    stack.defer(() => chain.close())
    if (join) await importParts(vault, chain.manifest, join.parts, chain.sequence, folder, { signal })
    const kept = stack.move()
    return { ...opened, folder, name, chain, jobs, started, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  } catch (error) {
    throw workingCopyError(workingCopy(folder), error)
  }
}

/** For a run that nobody keeps account of. */
function takeAlone(name: string): (folder: string) => Disposable {
  return (folder) => lockFolder(folder, (cause) => heldError(name, folder, undefined, cause))
}
