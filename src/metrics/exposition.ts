import { Gauge, Registry } from 'prom-client'
import { metrics, type Measured, type MetricName } from './metrics.ts'

const labelNames = ['host', 'destination'] as const

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE

/** What was measured, in the text format of Prometheus. Of several values for one destination the last one counts. */
export async function exposition(measured: readonly Measured[]): Promise<string> {
  const registry = new Registry()
  for (const [name, help] of Object.entries(metrics)) {
    const samples = measured.filter(({ values }) => values[name as MetricName] !== undefined)
    if (samples.length === 0) continue
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] })
    for (const { host, destination, values } of samples)
      gauge.set({ host, destination }, values[name as MetricName] ?? Number.NaN)
  }
  return await registry.metrics()
}

const samplePattern = /^(\w+)\{host="([a-z0-9-]+)",destination="([a-z0-9-]+)"\} (\S+)$/

/** Reads what {@link exposition} wrote; lines of anybody else are left out. */
export function parseExposition(text: string): Measured[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', host = '', destination = '', value] = samplePattern.exec(line) ?? []
    if (!Object.hasOwn(metrics, name) || Number.isNaN(Number(value ?? 'none'))) return []
    return [{ host, destination, values: { [name]: Number(value) } }]
  })
}
