import { hash } from 'node:crypto'
import { pathToBytes } from '../../../shared/bytePath.ts'

/** One of so many shares of a library. */
export interface PartShare {
  /** From 0 on. */
  index: number
  of: number
}

/** A share of a backup that several machines take together. */
export interface Part extends PartShare {
  /** What the parts of one backup have in common. */
  job: string
}

/** Which part it is, as its chain and its folder in the state directory are named after the host. */
export function partSuffix({ index, of }: PartShare): string {
  return `-part-${index}-of-${of}`
}

/** Name of the chain in which a part puts down what it has done. */
export function partHost(host: string, part: PartShare): string {
  return host + partSuffix(part)
}

/**
 * Whether the files of a directory are a part's. By a hash, so that nobody has to be asked, and the same directory is the
 * same part's in the next backup.
 * @param treePath path of the directory in the vault's tree.
 */
export function isOfPart(treePath: string, { index, of }: PartShare): boolean {
  return hash('sha256', pathToBytes(treePath), 'buffer').readUInt32BE(0) % of === index
}
