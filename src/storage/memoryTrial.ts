import type { CallOptions } from './storage.ts'
import { assertTrialKey, type Trial, type TrialResult } from './trial.ts'

/** What a probe tries out, in its plainest form: whoever has the memory may do everything. */
export class MemoryTrial implements Trial {
  readonly #objects: Map<string, Uint8Array>

  constructor(objects: Map<string, Uint8Array>) {
    this.#objects = objects
  }

  async remove(key: string, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    signal?.throwIfAborted()
    this.#objects.delete(key)
    return 'allowed'
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    signal?.throwIfAborted()
    this.#objects.set(key, Uint8Array.from(bytes))
    return 'allowed'
  }

  async clock({ signal }: CallOptions): Promise<Date> {
    signal?.throwIfAborted()
    return new Date()
  }

  async keepsVersions({ signal }: CallOptions): Promise<boolean> {
    signal?.throwIfAborted()
    return false
  }
}
