import { join } from 'node:path'
import type { Config, Destination } from '../config/config.ts'
import { findDestination } from '../config/destination.ts'
import { expectEveryMs } from '../config/expectEvery.ts'
import { channelOptions } from '../config/notify.ts'
import type { Measured } from '../metrics/metrics.ts'
import { Alarms, type Alarm } from '../notify/alarms.ts'
import type { Ping } from '../notify/channels/healthchecks.ts'
import { deliverPing } from '../notify/deliver.ts'
import type { EventKind } from '../notify/event.ts'
import type { News } from '../notify/news.ts'
import type { WatchedRun } from '../notify/options.ts'
import { optionsOf, problemWith, tell, type Channel, type Memory } from '../notify/tell.ts'
import { Untold } from '../notify/untold.ts'
import { rememberedRecord } from '../runs/stateFolder.ts'
import { alarmKinds, alarmName } from '../runs/telling/alarmNotes.ts'
import { digestAlarm } from '../runs/telling/digest.ts'
import type { Occasion } from '../runs/telling/occasion.ts'
import type { KnownDestination } from '../runs/telling/toldEnd.ts'
import { errorMessage, UserError } from '../shared/errors.ts'
import { usualPatience } from '../shared/patience.ts'
import type { Context } from './context.ts'
import { pinnedHostFolder } from './openDestination.ts'

/** The configured channels. Their secrets are looked for when there is something to tell. */
function channelsOf(config: Config): Channel[] {
  return config.notify.map((channel) => ({
    name: channel.name,
    type: channel.type,
    on: channel.on,
    options: () => channelOptions(channel),
  }))
}

/** The same, for whoever only wants to tell. @throws UserError where there is none. */
export function requireChannels(config: Config): Channel[] {
  if (config.notify.length > 0) return channelsOf(config)
  throw new UserError('no channel for notifications is configured', {
    hint: 'Add one under `notify` in the configuration; docs/notifications.md shows how.',
  })
}

/**
 * Tells the owner's channels and metrics how a run ends. Nothing that goes wrong with that changes the run: it is a
 * warning.
 */
export class Teller {
  readonly config: Config
  readonly #context: Context
  readonly #channels: readonly Channel[]
  readonly #memory: Memory

  constructor(context: Context, config: Config) {
    this.config = config
    this.#context = context
    this.#channels = channelsOf(config)
    const folder = join(config.state, 'alarms', config.host)
    this.#memory = { alarms: new Alarms(folder), untold: new Untold(folder) }
  }

  /** Whether there is anybody who reads messages. */
  get hasReaders(): boolean {
    return this.#channels.some(({ type }) => type !== 'healthchecks')
  }

  /** A run begins. */
  async start(run: WatchedRun): Promise<void> {
    await this.#ping(run, () => ({ ping: 'start', text: '' }))
  }

  /**
   * A run has ended.
   * @param kinds what happened: a check is told of a failure when it wants to be told of one of them as such.
   * @param text what to note with it.
   */
  async end(run: WatchedRun, kinds: readonly EventKind[], text: string): Promise<void> {
    await this.#ping(run, (on) => ({
      ping: kinds.some((kind) => on.includes(kind)) ? 'failure' : 'success',
      text,
    }))
  }

  async tell(news: readonly News[]): Promise<void> {
    this.#warn(await tell(news, this.#channels, this.#memory, this.#context))
  }

  /** What writes metrics is loaded only where there are any: loading it would be a twentieth of a run with nothing new. */
  async measure(measured: readonly Measured[]): Promise<void> {
    const { textfile, pushgateway } = this.config.metrics ?? {}
    const { signal } = this.#context
    if (textfile !== undefined) {
      await this.#orWarn("the metrics can't be written", async () => {
        const { writeTextfile } = await import('../metrics/textfile.ts')
        await writeTextfile(textfile, measured)
      })
    }
    if (pushgateway !== undefined) {
      await this.#orWarn('the Pushgateway', async () => {
        const { push } = await import('../metrics/pushgateway.ts')
        await push(pushgateway, measured, usualPatience, signal)
      })
    }
  }

  /** What decisions about telling take. */
  async occasion(now: Date): Promise<Occasion> {
    const { host, destinations } = this.config
    const alarms = new Map<string, Alarm>()
    const names = destinations.flatMap(({ name }) => alarmKinds.map((kind) => alarmName(kind, name)))
    for (const name of [...names, digestAlarm]) {
      const alarm = await this.#memory.alarms.get(name)
      if (alarm) alarms.set(name, alarm)
    }
    return { host, now, alarms }
  }

  async #ping(
    run: WatchedRun,
    pingOf: (on: readonly EventKind[]) => { ping: Ping; text: string },
  ): Promise<void> {
    const problems = await Promise.all(
      this.#channels
        .filter(({ type }) => type === 'healthchecks')
        .map(async (channel) => {
          const options = optionsOf(channel)
          if (typeof options === 'string') return problemWith(channel, options)
          if (options.type !== 'healthchecks' || options.run !== run) return undefined
          const problem = await deliverPing(options, pingOf(options.on), this.#context)
          return problem === undefined ? undefined : problemWith(channel, problem)
        }),
    )
    this.#warn(problems.filter((problem) => problem !== undefined))
  }

  /** Does what tells something. An error that nobody expected is told as such, and changes nothing else. */
  async unlessBroken(work: () => Promise<void>): Promise<void> {
    const { output, signal } = this.#context
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      output.warn('nobody could be told how this run went')
      output.fail(error)
    }
  }

  async #orWarn(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#warn([`${what}: ${errorMessage(error)}`])
    }
  }

  #warn(problems: readonly string[]): void {
    for (const problem of problems) this.#context.output.warn(problem)
  }
}

/** Who tells of a run, where the configuration has anybody to tell. A configuration that is wrong is told by the run. */
export function tellerFor(context: Context): Teller | undefined {
  const config = unlessWrong(() => context.loadConfig([]))
  const isWanted = config && (config.notify.length > 0 || config.metrics)
  return isWanted ? new Teller(context, config) : undefined
}

/** The destinations that a command is about; undefined where it names one that there is not, which the command tells. */
export function destinationsMeant(
  config: Config,
  names: readonly string[] | undefined,
): readonly Destination[] | undefined {
  if (names === undefined) return config.destinations
  return unlessWrong(() => names.map((name) => findDestination(config, name)))
}

/** What this machine knows of a destination before a run. What it can't read of it, the run tells. */
export function knownDestination(config: Config, destination: Destination): KnownDestination {
  const folder = pinnedHostFolder(config, destination)
  const record = folder === undefined ? undefined : unlessWrong(() => rememberedRecord(folder))
  return {
    expectEveryMs: expectEveryMs(config, destination),
    lastGood: record?.complete ? new Date(record.created) : undefined,
  }
}

/** For what somebody else tells the error of. */
function unlessWrong<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
