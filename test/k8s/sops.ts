/*
 * Reads what `sops` wrote for an age recipient: https://github.com/getsops/sops#encryption-protocol. Only as much of its
 * format as a secret needs: texts, in mappings.
 */
import { armor, Decrypter } from 'age-encryption'
import { createDecipheriv, createHash } from 'node:crypto'
import { parse } from 'yaml'

interface Tree {
  [key: string]: string | Tree
}

interface Metadata {
  age: { recipient: string; enc: string }[]
  lastmodified: string
  mac: string
}

const sealed = /^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:str\]$/

/**
 * The document as it was before it was encrypted.
 * @param identity `AGE-SECRET-KEY-1...`
 * @throws Error when the identity does not open it, or anything in it was altered.
 */
export async function decryptSops(yaml: string, identity: string): Promise<Tree> {
  const { sops, ...tree } = parse(yaml) as Tree & { sops: Metadata }
  const key = await dataKey(sops, identity)
  const hash = createHash('sha512')
  const plain = opened(tree, [], (text, path) => {
    const value = sealed.test(text) ? open(text, key, `${path.join(':')}:`) : text
    hash.update(value)
    return value
  })
  const mac = open(sops.mac, key, sops.lastmodified)
  if (mac !== hash.digest('hex').toUpperCase()) throw new Error('the MAC does not fit: something was altered')
  return plain
}

async function dataKey({ age }: Metadata, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const [first] = age
  if (first === undefined) throw new Error('it has no age recipient')
  return await decrypter.decrypt(armor.decode(first.enc))
}

/** The same tree, with every text replaced, in order: its path is what it is bound to. */
function opened(tree: Tree, path: readonly string[], value: (text: string, path: string[]) => string): Tree {
  const entries = Object.entries(tree).map(([name, child]): [string, string | Tree] => {
    const here = [...path, name]
    return [name, typeof child === 'string' ? value(child, here) : opened(child, here, value)]
  })
  return Object.fromEntries(entries)
}

function open(text: string, key: Uint8Array, boundTo: string): string {
  const [data, iv, tag] = (sealed.exec(text) ?? []).slice(1).map((part) => Buffer.from(part, 'base64'))
  if (!data || !iv || !tag) throw new Error('a value is not as sops writes it')
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(boundTo))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8')
}
