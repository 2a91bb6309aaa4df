import type { Config } from '../../config/config.ts'
import { fieldName } from '../../config/problem.ts'
import { secretsIn } from '../../config/secrets.ts'
import type { Finding } from '../../storage/probe/finding.ts'
import type { CheckPlan } from './check.ts'

/**
 * Whether everything is configured that a backup needs, and every reference to a secret leads somewhere. Whether the
 * library is there is a question of its own.
 */
export async function* checkConfiguration({ config, problems }: CheckPlan): AsyncGenerator<Finding> {
  const what = 'configuration'
  const library = config.library === undefined ? (['library'] as const) : []
  const told = problems([...library, 'database', 'identity', 'destinations']) ?? ''
  const lines = [told, ...otherSecrets(config, told)].filter((line) => line !== '')
  if (lines.length === 0) {
    yield { what, result: 'good', detail: config.file ?? 'from the environment alone' }
    return
  }
  const remedy = "Correct it. 'safelight config list' shows what is in effect, and where it came from."
  yield { what, result: 'bad', detail: lines.join('\n'), remedy }
}

/** References that lead nowhere, in fields that a backup could do without. */
function otherSecrets(config: Config, told: string): string[] {
  return secretsIn(config).flatMap(({ path, secret: { problem } }) => {
    if (problem === undefined || told.includes(problem)) return []
    const field = fieldName(path)
    return [[config.origins[field], field, problem].filter((part) => part !== undefined).join(': ')]
  })
}
