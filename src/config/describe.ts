import type { Config } from './config.ts'
import { fieldName, type FieldPath } from './problem.ts'
import { Secret } from './secret.ts'

/** One value of the effective configuration. Secrets show only where they come from. */
export interface Setting {
  field: string
  /** Null: nothing is set, and there is no default. */
  value: string | number | boolean | readonly string[] | null
  /** `file:line`, `variable NAME`, `variable NAME in .env`, or `default`. */
  from: string
}

/** Every value of a configuration, in the order of its fields. */
export function describeConfig(config: Config): Setting[] {
  const { file: _file, origins, ...fields } = config
  return settingsIn(fields, [], origins)
}

function settingsIn(value: unknown, path: FieldPath, origins: Config['origins']): Setting[] {
  const setting = (shown: Setting['value']): Setting[] => [
    { field: fieldName(path), value: shown, from: origins[fieldName(path)] ?? 'default' },
  ]
  if (value === undefined) return path.length > 1 ? [] : setting(null)
  if (value instanceof Secret) return setting(shownSecret(value, path))
  if (isTextList(value)) return setting(value)
  if (typeof value === 'object' && value !== null) {
    const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
    return steps.flatMap((step) =>
      settingsIn((value as Record<PropertyKey, unknown>)[step], [...path, step], origins),
    )
  }
  return setting(value as string | number | boolean)
}

/** Of Immich's own variables two are secret. The others tell which database it is. */
function shownSecret(secret: Secret, path: FieldPath): string {
  if (secret.problem !== undefined) return `${secret.toString()}: ${secret.problem}`
  const plain = path[1] === 'variables' && path[2] !== 'DB_URL' && path[2] !== 'DB_PASSWORD'
  return plain ? secret.reveal() : secret.toString()
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
