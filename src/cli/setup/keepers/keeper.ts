import type { Plan } from '../plan.ts'

/** Whose secret it is: a destination's, by its name, or the configuration's as a whole. */
export type Owner = string | undefined

/** Where new secrets are kept. */
export interface Keeper {
  /** For people: `in 1Password, item Safelight cloud`. */
  readonly where: string
  /** Whether what it keeps survives this machine. */
  readonly elsewhere: boolean
  /** Whether it keeps the identity, too; else that has a file of its own. */
  readonly keepsIdentity: boolean
  /** Whether a person has to do what the keeping takes. */
  readonly needsPerson: boolean
  /** Takes a secret on. @returns the reference that the configuration will have. */
  keep(owner: Owner, label: string, value: string): Promise<string>
  /**
   * What it has already, so that nobody needs to ask.
   * @param labels names of one field, the usual one first.
   */
  find(owner: Owner, labels: readonly string[]): { reference: string; value: string } | undefined
  /** Sees to it that these fields are there and filled in, where a person does that elsewhere than here. */
  prepare?(fields: readonly { label: string; concealed: boolean }[]): Promise<void>
}

/** In files beside the configuration, which only their owner can read. */
export function fileKeeper(plan: Plan, folder: string): Keeper {
  return {
    where: `in files below ${folder}/secrets that only you can read`,
    elsewhere: false,
    keepsIdentity: false,
    needsPerson: false,
    async keep(owner, label, value) {
      const path = `secrets/${[owner, label].filter(Boolean).join('-').replaceAll('_', '-')}`
      plan.files.set(`${folder}/${path}`, value.endsWith('\n') ? value : `${value}\n`)
      plan.secrets.set(`file:${path}`, value)
      return `file:${path}`
    },
    find: () => undefined,
  }
}

/** In variables that the person sets. @param known those that are set already. */
export function variableKeeper(plan: Plan, known: (name: string) => string | undefined): Keeper {
  return {
    where: 'in environment variables that you set',
    elsewhere: false,
    keepsIdentity: true,
    needsPerson: true,
    async keep(owner, label, value) {
      const name = variableName(owner, label)
      plan.variables.add(name)
      plan.secrets.set(`env:${name}`, value)
      return `env:${name}`
    },
    find(owner, labels) {
      for (const label of labels) {
        const name = variableName(owner, label)
        const value = known(name)
        if (value !== undefined) return { reference: `env:${name}`, value }
      }
      return undefined
    },
  }
}

function variableName(owner: Owner, label: string): string {
  return ['safelight', owner, label].filter(Boolean).join('_').replaceAll('-', '_').toUpperCase()
}
