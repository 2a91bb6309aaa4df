import { InvalidArgumentError } from 'commander'
import { partHost, type Part, type PartShare } from '../runs/backup/parts/part.ts'
import { UserError } from '../shared/errors.ts'

/** More parts than machines that anybody has for this: each of them walks through the whole library. */
const mostParts = 64
const longestHost = 64

/** Reads `2/4`: the third of four parts. @throws InvalidArgumentError */
export function parsePart(text: string): PartShare {
  const [, index, of] = (/^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []).map(Number)
  if (index === undefined || of === undefined || of < 1 || of > mostParts || index >= of)
    throw new InvalidArgumentError(
      `It has to be a number from 0 on and how many there are, ${mostParts} at most: 0/4, 1/4, 2/4, 3/4.`,
    )
  return { index, of }
}

/**
 * The part that a backup is to take, if it is to take one.
 * @throws UserError when only half of it is said, or the host's name is too long to name a chain for each part.
 */
export function partOf(
  { part, job }: { part: PartShare | undefined; job: string | undefined },
  host: string,
): Part | undefined {
  if (!part && job === undefined) return undefined
  if (!part || !job)
    throw new UserError('--part and --job go together', {
      hint: 'Each machine says which part it takes, and all say the same job: --part 2/4 --job 2026-11-21.',
    })
  if (partHost(host, part).length > longestHost)
    throw new UserError(`the host name ${host} is too long for a backup in parts`, {
      hint: `Each part has a chain of its own, named like ${partHost('main', part)}, with ${longestHost} characters at most.`,
    })
  return { ...part, job }
}
