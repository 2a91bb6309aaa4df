import { workerData } from 'node:worker_threads'
import { serve } from '../../shared/threads/serve.ts'
import { openStorage } from '../../storage/open.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Workshop } from './delivery.ts'
import { storeBatch } from './storeBatch.ts'
import { storeFile } from './storeFile.ts'
import type { StoreBatchJob, StoreFileJob, StoreSetting } from './storeMessages.ts'
import { WorkMemory } from './workMemory.ts'

const setting = workerData as StoreSetting
const workshop: Workshop = {
  memory: new WorkMemory(setting.memory),
  stores: setting.stores.map(({ storage: options, ...store }) => {
    let opened: Promise<Storage> | undefined
    return { ...store, storage: async () => await (opened ??= openStorage(options)) }
  }),
}

serve(async (job: StoreFileJob | StoreBatchJob, context) =>
  job.kind === 'batch' ? await storeBatch(job, workshop, context) : await storeFile(job, workshop, context),
)
