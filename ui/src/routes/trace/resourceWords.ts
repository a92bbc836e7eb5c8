/** How measures of hosts and processes are written. */
import type { SavedQuery, TraceResources } from '@/api/types'
import { bytes } from '@/kit/format'

export type ResourceUser = TraceResources['users'][number]
export type Measure = ResourceUser['measures'][number]

const NAMES: Record<Measure['measure'], string> = {
  cpu: 'CPU',
  memory: 'Memory',
  gpu: 'GPU',
  gpu_memory: 'GPU memory',
}

export function measureName(m: Measure): string {
  if (!m.part) return NAMES[m.measure]
  return m.measure === 'gpu' ? m.part : `${m.part} memory`
}

/** A share as percent, bytes as bytes, CPUs as how many are busy. */
export function measureText(unit: string, value: number | null): string {
  if (value === null) return '–'
  if (unit === '1') return `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`
  if (unit === 'By') return bytes(Math.round(value))
  return `${value.toFixed(2)} CPUs`
}

export function everyText(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds * 10) / 10} s` : `${Math.round(seconds / 60)} min`
}

/** How often it was measured, and whether that is enough for so short a time. */
export function samplingText(m: Measure, what: 'trace' | 'span'): string {
  const every = m.interval_s === null ? 'A single sample' : `Sampled every ${everyText(m.interval_s)}`
  return m.inside === 0 ? `${every}, none of it within this ${what}: the nearest sample is shown` : every
}

/** The sample that tells of a moment: the one at it or right after, else the last before. */
export function sampleAt(points: Measure['points'], ms: number): [number, number] | undefined {
  return points.find(([time]) => time >= ms) ?? points.at(-1)
}

/** By what a metric's points are told apart, where its measure is made of some of them. */
const STATES: Record<string, string[]> = {
  'system.cpu.utilization': ['cpu.mode', 'state'],
  'system.cpu.time': ['cpu.mode', 'state'],
  'system.memory.utilization': ['system.memory.state', 'state'],
  'system.memory.usage': ['system.memory.state', 'state'],
  'hw.gpu.utilization': ['hw.name', 'hw.id'],
  'hw.gpu.memory.utilization': ['hw.name', 'hw.id'],
  'hw.gpu.memory.usage': ['hw.name', 'hw.id'],
}

/** The metric that a measure is made of, as a question: by state, for one question adds no states up. */
export function pinnedMeasure(m: Measure, q: string): SavedQuery {
  const cumulative = /(\.|_)time$/.test(m.metric) || m.metric === 'container.cpu.usage'
  return {
    kind: 'metric',
    name: m.metric,
    q,
    aggregation: cumulative ? 'rate' : 'avg',
    group_by: STATES[m.metric] ?? [],
  }
}
