import { MemoryStorage } from '../../src/storage/memory.ts'
import { conformance } from './conformance.ts'

conformance('memory storage', async () => ({
  storage: new MemoryStorage(),
  leftovers: async () => [],
  async [Symbol.asyncDispose]() {},
}))
