import { workerData } from 'node:worker_threads'
import { serve } from '../../shared/threads/serve.ts'
import { openStorage } from '../../storage/open.ts'
import { Slabs } from './slabs.ts'
import { storeBatch } from './storeBatch.ts'
import { slabSize, storeFile, type ContentStore } from './storeFile.ts'
import { jobsPerThread, type StoreBatchJob, type StoreFileJob, type StoreSetting } from './storeMessages.ts'

const setting = workerData as StoreSetting
const slabs = new Slabs(jobsPerThread, slabSize)
const opened = openStorage(setting.storage)

serve(async (job: StoreFileJob | StoreBatchJob, context) => {
  const store: ContentStore = { storage: await opened, vaultId: setting.vaultId, names: setting.names }
  return await slabs.use(async (slab) =>
    job.kind === 'batch' ? await storeBatch(store, job, context) : await storeFile(store, job, slab, context),
  )
})
