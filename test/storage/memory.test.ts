import { MemoryStorage } from '../../src/storage/memory.ts'
import { conformance } from './conformance.ts'

conformance(
  async () => ({
    storage: new MemoryStorage(),
    leftovers: async () => [],
    async [Symbol.asyncDispose]() {},
  }),
  { resumable: true },
)
