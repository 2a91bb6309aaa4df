import { randomBytes } from 'node:crypto'
import { workingCopyError } from '../../manifest/damage.ts'
import { workingCopy } from '../stateFolder.ts'
import { HostChain } from './hostChain.ts'
import type { BackupDestination, BackupPlan, DestinationVault } from './plan.ts'
import { lockHostFolder } from './runLock.ts'

/** A destination that is ready to be backed up to: its vault is open, its state is this run's alone. */
export interface OpenTarget extends Omit<DestinationVault, symbol>, AsyncDisposable {
  name: string
  chain: HostChain
  started: Date
}

/** Opens a destination, and brings its manifest up to its newest record. @throws when that can't be done. */
export async function openTarget(plan: BackupPlan, { name, open }: BackupDestination): Promise<OpenTarget> {
  const { host, dryRun: readOnly = false, now, signal } = plan
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await open())
  const { vault, folder } = opened
  stack.use(lockHostFolder(folder))
  const started = now()
  const runId = randomBytes(8).toString('hex')
  try {
    const chain = await HostChain.open(vault, { host, folder, runId, now: started, readOnly, signal })
    stack.defer(() => chain.close())
    const kept = stack.move()
    return { ...opened, name, chain, started, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  } catch (error) {
    throw workingCopyError(workingCopy(folder), error)
  }
}
