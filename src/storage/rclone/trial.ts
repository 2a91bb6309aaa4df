import type { CallOptions } from '../storage.ts'
import { assertTrialKey, refusedOrAllowed, type Trial, type TrialResult } from '../trial.ts'
import type { RcloneRemote } from './remote.ts'

export class RcloneTrial implements Trial {
  readonly #remote: RcloneRemote

  constructor(remote: RcloneRemote) {
    this.#remote = remote
  }

  async remove(key: string, options: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    return await refusedOrAllowed(this.#remote.remove(key, options))
  }

  async overwrite(key: string, bytes: Uint8Array, { signal }: CallOptions): Promise<TrialResult> {
    assertTrialKey(key)
    async function* source() {
      yield bytes
    }
    return await refusedOrAllowed(this.#remote.write(key, source(), { size: bytes.length, signal }))
  }

  /** rclone does not tell a remote's clock. */
  async clock(): Promise<undefined> {}

  /** Nor whether it keeps old versions. */
  async keepsVersions(): Promise<undefined> {}
}
