import { join } from 'node:path'
import { cachedPackages } from './debian.ts'
import { exec } from './exec.ts'

/** The first with the version 5 of kustomize, whose components and patches ours use. */
const oldestKubectl = 27

/**
 * A kubectl that is new enough: the machine's own, else that of Debian forky, in the user's cache (5 s, 80 MB).
 * @throws Error that says what is missing on this machine.
 */
export async function kubectl(): Promise<string> {
  if (await isNewEnough('kubectl')) return 'kubectl'
  const wanted = { suite: 'forky', packages: ['kubectl'], variant: 'extract' } as const
  return join(await cachedPackages('kubectl-forky', wanted), 'usr/bin/kubectl')
}

async function isNewEnough(command: string): Promise<boolean> {
  try {
    const answer = await exec(command, ['version', '--client', '--output=json'])
    const { clientVersion } = JSON.parse(answer) as { clientVersion: { minor: string } }
    return Number.parseInt(clientVersion.minor, 10) >= oldestKubectl
  } catch {
    return false
  }
}
