import { UserError } from '../../shared/errors.ts'
import type { ThawOffer } from '../../storage/thawing.ts'
import { thawCosts, type ThawCost } from './cost.ts'
import type { FrozenObjects } from './frozenObjects.ts'

/** Objects are frozen that are needed, and nobody asked for them to be thawed. */
export class FrozenError extends UserError {
  readonly pending: FrozenObjects
  readonly costs: readonly ThawCost[]

  constructor(pending: FrozenObjects, offers: readonly ThawOffer[]) {
    const { frozen, classes } = pending
    const costs = thawCosts(pending, offers)
    const gigabytes = (frozen.bytes / 1024 ** 3).toFixed(1)
    super(
      `${frozen.objects} of the objects that are needed (${gigabytes} GiB) are frozen in ${[...classes.keys()].join(', ')}`,
      {
        hint: [
          'Run the same command with one of these, and again when the time is over; with --wait it stays and goes on by itself:',
          ...costs.map(
            ({ tier, hours, dollars }) =>
              `  --thaw ${tier.padEnd(9)}  readable within ${hours < 1 ? 'minutes' : `${hours} h`}, about $${dollars.toFixed(2)}`,
          ),
          'Traffic out of the cloud is billed beside that.',
        ].join('\n'),
      },
    )
    this.name = 'FrozenError'
    this.pending = pending
    this.costs = costs
  }
}
