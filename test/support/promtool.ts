import { join } from 'node:path'
import { cachedPackages } from './debian.ts'
import { exec } from './exec.ts'

/**
 * Prometheus' own tool to check rules and metrics: the machine's, else that of Debian bookworm, in the user's cache. The
 * package is only unpacked, because installed it would start a server.
 */
export async function promtool(): Promise<string> {
  try {
    await exec('promtool', ['--version'])
    return 'promtool'
  } catch {
    const wanted = { suite: 'bookworm', packages: ['prometheus'], variant: 'extract' } as const
    return join(await cachedPackages('prometheus-bookworm', wanted), 'usr/bin/promtool')
  }
}
