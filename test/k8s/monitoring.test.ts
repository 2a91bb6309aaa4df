import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { metrics as metricsSettings } from '../../src/config/metrics.ts'
import { exposition } from '../../src/metrics/exposition.ts'
import { metrics, type MetricName } from '../../src/metrics/metrics.ts'
import { exec } from '../support/exec.ts'
import { promtool } from '../support/promtool.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { k8s, type Manifest, named, renderedWith } from './manifests.ts'

/** The first time promtool is fetched. */
const unpacking = { timeout: 300_000 }

const names = Object.keys(metrics)
const documented = await readFile(join(k8s, '../docs/metrics.md'), 'utf8')
const dashboard = await readFile(join(k8s, 'components/monitoring/dashboard.json'), 'utf8')
const { spec } = parse(await readFile(join(k8s, 'components/monitoring/alerts.yaml'), 'utf8')) as {
  spec: { groups: { name: string; rules: { alert: string; expr: string }[] }[] }
}
const rules = spec.groups.flatMap((group) => group.rules)

function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bsafelight_\w+/g))]
}

describe('the names of metrics', () => {
  test('stand in docs/metrics.md, each with its meaning, and no others', () => {
    const rows = Array.from(documented.matchAll(/^\| `(safelight_\w+)` +\| (.*?)\. +\|$/gm))
    expect(Object.fromEntries(rows.map(([, name = '', help = '']) => [name, help]))).toEqual(metrics)
  })

  test('that alerts and the dashboard use are all there', () => {
    const used = [...rules.flatMap(({ expr }) => namesIn(expr)), ...namesIn(dashboard)]
    expect(used.length).toBeGreaterThan(15)
    expect(used.filter((name) => !names.includes(name))).toEqual([])
  })

  test('please Prometheus', unpacking, async () => {
    const values = Object.fromEntries(names.map((name, i) => [name, i])) as Record<MetricName, number>
    const text = await exposition([{ host: 'main', destination: 'disk', values }])
    const tool = await promtool()
    expect(await exec('sh', ['-c', '"$1" check metrics <<EOF\n$2\nEOF', 'sh', tool, text.trimEnd()])).toBe('')
  })
})

test('every alert is in docs/metrics.md', () => {
  const rows = Array.from(documented.matchAll(/^\| `(Safelight\w+)`/gm), ([, name]) => name)
  expect(rows).toEqual(rules.map(({ alert }) => alert))
})

test('the component brings the alerts and the dashboard into the namespace of the rest', async () => {
  const manifests = await renderedWith('s3', 'monitoring')
  expect(named(manifests, 'PrometheusRule', /./)).toMatchObject({ metadata: { namespace: 'immich' }, spec })
  expect(named(manifests, 'ConfigMap', /dashboard/)).toMatchObject({
    metadata: { namespace: 'immich', labels: { grafana_dashboard: '1' } },
    data: { 'dashboard.json': dashboard },
  })
})

test('pods may reach the Pushgateway that the overlays offer', async () => {
  const policy = named(await renderedWith('s3', 'monitoring'), 'NetworkPolicy', /metrics/) as Manifest & {
    spec: { egress: [{ to: [Record<string, { matchLabels: object }>]; ports: [{ port: number }] }] }
  }
  const [{ to, ports }] = policy.spec.egress
  for (const overlay of await readdir(join(k8s, 'overlays'))) {
    const offered = await readFile(join(k8s, 'overlays', overlay, 'safelight.yaml'), 'utf8')
    const { metrics: there } = parse(offered.replace('#metrics', 'metrics')) as { metrics: object }
    const { hostname, port } = new URL(metricsSettings.parse(there).pushgateway ?? '')
    const [name, namespace] = hostname.split('.')
    expect(to[0]['namespaceSelector']?.matchLabels).toEqual({ 'kubernetes.io/metadata.name': namespace })
    expect(to[0]['podSelector']?.matchLabels).toEqual({ 'app.kubernetes.io/name': name })
    expect(ports.map((one) => String(one.port))).toEqual([port])
  }
})

/** What a healthy installation measures, by its series of values in promtool's notation. */
const healthy = {
  safelight_last_success_timestamp_seconds: '0+3600x400',
  safelight_expected_interval_seconds: '93600x400',
  safelight_last_run_timestamp_seconds: '0+3600x400',
  safelight_last_run_exit_code: '0x400',
  safelight_last_run_sharp_drop: '0x400',
  safelight_last_verification_timestamp_seconds: '0+3600x400',
  safelight_last_verification_exit_code: '0x400',
}

type Series = Partial<Record<keyof typeof healthy, string>>
const { safelight_last_success_timestamp_seconds: _never, ...withoutSuccess } = healthy

/** What is measured, once an hour, and the alerts that there are after 380 hours. */
const cases: [Series, string[]][] = [
  [healthy, []],
  [{ ...healthy, safelight_last_success_timestamp_seconds: '0x400' }, ['SafelightBackupOverdue']],
  [withoutSuccess, ['SafelightNeverBackedUp']],
  [{ ...healthy, safelight_last_run_exit_code: '1x400' }, ['SafelightBackupFailed']],
  [{ ...healthy, safelight_last_run_exit_code: '12x400' }, ['SafelightBackupFailed']],
  [{ ...healthy, safelight_last_run_exit_code: '3x400' }, ['SafelightBackupNeedsLook']],
  [{ ...healthy, safelight_last_run_sharp_drop: '1x400' }, ['SafelightSharpDrop']],
  [{ ...healthy, safelight_last_verification_exit_code: '3x400' }, ['SafelightVerificationFailed']],
  [{ ...healthy, safelight_last_verification_timestamp_seconds: '0x400' }, ['SafelightVerificationOld']],
  [{}, ['SafelightSaysNothing']],
]

test('alerts are raised when they should be, and only then', unpacking, async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'rules.yaml')
  await writeFile(file, stringify(spec))
  const tests = cases.map(([series, alerts]) => ({
    interval: '1h',
    input_series: Object.entries(series).map(([name, values]) => ({
      series: `${name}{host="main", destination="disk"}`,
      values,
    })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: '380h',
        exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
      },
    ],
  }))
  const unit = { rule_files: [file], evaluation_interval: '1h', tests }
  await writeFile(join(folder.path, 'test.yaml'), stringify(unit))
  const tool = await promtool()
  expect(await exec(tool, ['check', 'rules', file])).toContain(`${rules.length} rules found`)
  expect(await exec(tool, ['test', 'rules', join(folder.path, 'test.yaml')])).toContain('SUCCESS')
  expect(new Set(cases.flatMap(([, alerts]) => alerts))).toEqual(new Set(rules.map(({ alert }) => alert)))
})
