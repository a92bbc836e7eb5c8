/** Monitors that most people want first, of what is in the project. Pure. */
import type { MetricEntry, MonitorDefinition, ServiceRow } from '@/api/types'
import { printTerm } from '@/kit/filter'
import { durationText } from '@/kit/format'

export interface Proposal {
  kind: 'errors' | 'slow' | 'silent' | 'disk' | 'logs' | 'new'
  name: string
  why: string
  definition: MonitorDefinition
}

const MOST_SERVICES = 3
const DISK = 'system.filesystem.utilization'

const only = (service: string) => printTerm({ negated: false, key: 'service', op: 'is', values: [service] })

/** A round number at about twice what is usual: what is exceeded means something. */
export function roundLimit(value: number): number {
  if (!(value > 0)) return 1
  const size = 10 ** Math.floor(Math.log10(value))
  return Number(([1, 2, 3, 5, 10].find((step) => step * size >= value)! * size).toPrecision(3))
}

function ofService(row: ServiceRow): Proposal[] {
  const asked = row.basis === 'requests' ? `${only(row.service)} span_kind:server` : only(row.service)
  const limit = row.p95_ms === null ? 1_000 : roundLimit(row.p95_ms * 2)
  return [
    {
      kind: 'errors',
      name: `${row.service}: errors`,
      why: 'more than 5 % of its requests fail over 5 min',
      definition: {
        query: { kind: 'spans', q: asked, measure: 'error_rate' },
        condition: { op: '>', limit: 5, aggregate: 'avg' },
        severity: 'critical',
      },
    },
    {
      kind: 'slow',
      name: `${row.service}: slow`,
      why: `the p95 of its durations is above ${durationText(limit)} over 5 min${
        row.p95_ms === null ? '' : `; it is ${durationText(row.p95_ms)} now`
      }`,
      definition: {
        query: { kind: 'spans', q: asked, measure: 'p95_ms' },
        condition: { op: '>', limit, aggregate: 'avg' },
      },
    },
    {
      kind: 'silent',
      name: `${row.service}: silent`,
      why: 'nothing came from it for 10 min',
      definition: {
        query: { kind: 'spans', q: only(row.service), measure: 'count' },
        condition: null,
        no_data: 'alert',
        window_s: 600,
      },
    },
  ]
}

export function proposalsOf(
  services: readonly ServiceRow[],
  metrics: readonly Pick<MetricEntry, 'name' | 'attribute_keys'>[],
  logs: boolean,
): Proposal[] {
  const found = services
    .filter((row) => row.service)
    .slice(0, MOST_SERVICES)
    .flatMap(ofService)
  if (services.length || logs) {
    found.push({
      kind: 'new',
      name: 'A new error',
      why: 'an error that was never seen before, of any service',
      definition: {
        query: { kind: 'errors', measure: 'new_groups', group_by: ['service'] },
        condition: { op: '>', limit: 0, aggregate: 'sum' },
      },
    })
  }
  const disk = metrics.find((metric) => metric.name === DISK)
  if (disk) {
    const mount = disk.attribute_keys.find((key) => /mountpoint$/.test(key))
    found.push({
      kind: 'disk',
      name: 'Disks are filling up',
      why: 'a disk of any host is more than 90 % full',
      definition: {
        query: {
          kind: 'metric',
          name: DISK,
          aggregation: 'max',
          group_by: ['host.name', ...(mount ? [mount] : [])],
        },
        condition: { op: '>', limit: 0.9, aggregate: 'last' },
        severity: 'critical',
      },
    })
  }
  if (logs) {
    found.push({
      kind: 'logs',
      name: 'Errors in the logs',
      why: 'a service writes more than 10 records of level error or fatal in 5 min',
      definition: {
        query: { kind: 'logs', q: 'severity:error,fatal', measure: 'count', group_by: ['service'] },
        condition: { op: '>', limit: 10, aggregate: 'sum' },
        no_data: 'ok',
      },
    })
  }
  return found
}
