import type { FieldPath } from './problem.ts'
import { Secret } from './secret.ts'

/** A secret and the field that refers to it. */
export interface FieldSecret {
  path: FieldPath
  secret: Secret
}

/** Every secret anywhere in a value, in the order of its fields. */
export function secretsIn(value: unknown, path: FieldPath = []): FieldSecret[] {
  if (value instanceof Secret) return [{ path, secret: value }]
  if (typeof value !== 'object' || value === null) return []
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return steps.flatMap((step) => secretsIn((value as Record<PropertyKey, unknown>)[step], [...path, step]))
}
