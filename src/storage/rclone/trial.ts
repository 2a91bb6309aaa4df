import { AccessDeniedError } from '../errors.ts'
import type { CallOptions } from '../storage.ts'
import { assertTrialKey, type Trial, type TrialResult } from '../trial.ts'
import type { RcloneRemote } from './remote.ts'

export class RcloneTrial implements Trial {
  readonly #remote: RcloneRemote

  constructor(remote: RcloneRemote) {
    this.#remote = remote
  }

  async remove(key: string, options: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    return await attempt(this.#remote.remove(key, options))
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    async function* source() {
      yield bytes
    }
    return await attempt(this.#remote.write(key, source(), { size: bytes.length, signal }))
  }

  /** rclone does not tell a remote's clock. */
  async clock(): Promise<undefined> {}

  /** Nor whether it keeps old versions. */
  async keepsVersions(): Promise<undefined> {}
}

async function attempt(deed: Promise<void>): Promise<TrialResult> {
  try {
    await deed
    return 'allowed'
  } catch (error) {
    if (error instanceof AccessDeniedError) return 'refused'
    throw error
  }
}
