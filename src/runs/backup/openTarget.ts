import { randomBytes } from 'node:crypto'
import { workingCopyError } from '../../manifest/damage.ts'
import { lockFolder } from '../../state/folderLock.ts'
import { heldError } from '../../state/holder.ts'
import { DestinationJobs } from '../jobs/destinationJobs.ts'
import { workingCopy } from '../stateFolder.ts'
import { HostChain } from './hostChain.ts'
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
  const { host, dryRun: readOnly = false, now, signal } = plan
  const { name, open, take = takeAlone(name), jobs = new DestinationJobs(name, [], now) } = destination
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await open())
  const { vault, folder } = opened
  stack.use(take(folder))
  const started = now()
  const runId = randomBytes(8).toString('hex')
  try {
    const chain = await HostChain.open(vault, { host, folder, runId, now: started, readOnly, signal })
    stack.defer(() => chain.close())
    const kept = stack.move()
    return { ...opened, name, chain, jobs, started, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  } catch (error) {
    throw workingCopyError(workingCopy(folder), error)
  }
}

/** For a run that nobody keeps account of. */
function takeAlone(name: string): (folder: string) => Disposable {
  return (folder) => lockFolder(folder, (cause) => heldError(name, folder, undefined, cause))
}
