/*
 * A Terraform module as far as it can be read without Terraform: its blocks, and texts with their references followed.
 * Providers can't be asked, so what they would know is given.
 */
import { parse } from '@cdktn/hcl2json'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

export const terraform = fileURLToPath(new URL('../../terraform/', import.meta.url))

const block = z.record(z.string(), z.unknown())
/** Named once: `variable "x"`. */
const named = z.record(z.string(), z.tuple([block])).default({})
/** Named twice: `resource "type" "x"`. */
const typed = z.record(z.string(), named).default({})

const content = z.strictObject({
  terraform: z.array(block).default([]),
  provider: z.record(z.string(), z.array(block)).default({}),
  module: named,
  variable: named,
  locals: z.array(block).default([]),
  resource: typed,
  data: typed,
  output: named,
})

export type Block = z.infer<typeof block>

/** What references stand for, by how they are written: `var.prefix`. */
export type Values = Readonly<Record<string, string>>

export class Module {
  readonly variables: Readonly<Record<string, Block>>
  readonly outputs: Readonly<Record<string, Block>>
  /** Modules that it uses. */
  readonly modules: Readonly<Record<string, Block>>
  readonly locals: Block
  readonly #blocks: { resource: Record<string, Block>; data: Record<string, Block> }
  readonly #values: Values

  /** @param folder below `terraform`. @param values of what is not told in the module itself. */
  static async read(folder: string, values: Values = {}): Promise<Module> {
    const path = join(terraform, folder)
    const files = (await readdir(path)).filter((name) => name.endsWith('.tf'))
    const texts = await Promise.all(files.map(async (name) => await readFile(join(path, name), 'utf8')))
    // One file, so that a block that stands in two of them is noticed.
    return new Module(content.parse(await parse('module.tf', texts.join('\n'))), values)
  }

  private constructor(
    { variable, output, module, locals, resource, data }: z.infer<typeof content>,
    values: Values,
  ) {
    this.variables = first(variable)
    this.outputs = first(output)
    this.modules = first(module)
    this.locals = Object.assign({}, ...locals) as Block
    this.#blocks = { resource: byAddress(resource), data: byAddress(data) }
    this.#values = values
  }

  /** The resources of a type, by their names. */
  resources(type: string): Map<string, Block> {
    return blocksOf(this.#blocks.resource, type)
  }

  data(type: string): Map<string, Block> {
    return blocksOf(this.#blocks.data, type)
  }

  /** A text with its references followed. @throws Error for anything in `${}` that is not known. */
  text(template: unknown): string {
    return z
      .string()
      .parse(template)
      .replaceAll(/\$\{([^{}]*)\}/g, (_, reference: string) => this.#value(reference.trim()))
  }

  /** Texts with their references followed: a list, or what `join` makes of one. */
  texts(list: unknown): string[] {
    return z
      .array(z.string())
      .parse(list)
      .map((text) => this.text(text))
  }

  #value(reference: string): string {
    const value = this.#values[reference]
    if (value !== undefined) return value
    const [, local] = /^local\.(\w+)$/.exec(reference) ?? []
    if (local !== undefined && local in this.locals) return this.text(this.locals[local])
    throw new Error(`nothing here knows ${reference}`)
  }
}

function first(blocks: z.infer<typeof named>): Record<string, Block> {
  return Object.fromEntries(Object.entries(blocks).map(([name, [only]]) => [name, only]))
}

function byAddress(blocks: z.infer<typeof typed>): Record<string, Block> {
  return Object.fromEntries(
    Object.entries(blocks).flatMap(([type, inType]) =>
      Object.entries(first(inType)).map(([name, only]) => [`${type}.${name}`, only]),
    ),
  )
}

function blocksOf(blocks: Record<string, Block>, type: string): Map<string, Block> {
  const found = Object.entries(blocks).filter(([address]) => address.startsWith(`${type}.`))
  return new Map(found.map(([address, only]) => [address.slice(type.length + 1), only]))
}
