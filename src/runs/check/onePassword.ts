import type { Config } from '../../config/config.ts'
import { secretsIn } from '../../config/secrets.ts'
import type { Finding } from '../../storage/probe/finding.ts'

/** Whether 1Password gives every secret that the configuration refers to. Each is asked for once, and kept. */
export async function* checkOnePassword(config: Config): AsyncGenerator<Finding> {
  const secrets = secretsIn(config).filter(({ secret }) => secret.reference.startsWith('op://'))
  if (secrets.length === 0) return
  for (const { secret } of secrets) secret.revealBytes()
  yield { what: '1Password', result: 'good', detail: `gives the secrets asked of it: ${secrets.length}` }
}
