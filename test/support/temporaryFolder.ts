import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An empty folder below the system's own place for such. Disposing of it removes it with all that it holds. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  return mkdtempDisposable(join(tmpdir(), 'safelight-test-'))
}
