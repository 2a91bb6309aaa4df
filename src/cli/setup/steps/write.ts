import type { Config } from '../../../config/config.ts'
import { writeFile, writeSecretFile } from '../plan.ts'
import { draftOf, type Session } from '../session.ts'
import { backupNeeds } from './check.ts'

/** Brings the secrets to where they are kept, then writes the configuration that refers to them. */
export async function writePlan(session: Session): Promise<void> {
  const { plan, file, folder, undo } = session
  for (const deliver of plan.deliveries) await deliver()
  for (const [path, content] of plan.files) {
    if (path.startsWith(`${folder}/secrets/`)) await writeSecretFile(path, content, undo)
    else await writeFile(path, content, 0o600, undo)
  }
  await writeFile(file, draftOf(session).text, 0o644, undo)
}

/** The configuration as later commands will see it: secrets come from where they are kept now. */
export function writtenConfig(session: Session): Config {
  const { context, plan } = session
  // These are set by the person, later.
  const references = [...plan.variables].map((name) => `env:${name}`)
  const secrets = new Map(references.map((each) => [each, plan.secrets.get(each) ?? '']))
  return context.loadConfig(backupNeeds, { text: draftOf(session).text, secrets })
}
