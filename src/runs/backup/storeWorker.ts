import { workerData } from 'node:worker_threads'
import { Semaphore } from '../../shared/semaphore.ts'
import { serve } from '../../shared/threads/serve.ts'
import { openStorage } from '../../storage/open.ts'
import { Slabs } from './slabs.ts'
import { storeBatch } from './storeBatch.ts'
import { slabSize, storeFile, type ContentStore } from './storeFile.ts'
import { jobsPerThread, type StoreBatchJob, type StoreFileJob, type StoreSetting } from './storeMessages.ts'

const setting = workerData as StoreSetting
const slabs = new Slabs(jobsPerThread, slabSize)
const opened = openStorage(setting.storage)

const { resuming } = setting
/** For all large contents of this thread. */
const turns = new Semaphore(1)

serve(async (job: StoreFileJob | StoreBatchJob, context) => {
  const store: ContentStore = {
    storage: await opened,
    vaultId: setting.vaultId,
    names: setting.names,
    resuming: resuming && { ...resuming, turns },
  }
  return await slabs.use(async (slab) =>
    job.kind === 'batch' ? await storeBatch(store, job, context) : await storeFile(store, job, slab, context),
  )
})
