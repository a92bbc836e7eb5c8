import { TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChartColumn, ChartLine, Gauge, Search, Sigma, Table2, type LucideIcon } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import type { MetricEntry } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { compact } from '@/kit/format'
import { useShortcuts } from '@/kit/keys'
import { RelativeTime } from '@/kit/values'
import { kindKey } from './kind'
import { plainUnit } from '@/kit/units'

const ROW = 42
const KINDS: Record<string, { icon: LucideIcon; word: string }> = {
  gauge: { icon: Gauge, word: 'gauge' },
  sum: { icon: Sigma, word: 'sum' },
  histogram: { icon: ChartColumn, word: 'histogram' },
  exponential_histogram: { icon: ChartColumn, word: 'exp. histogram' },
  summary: { icon: Table2, word: 'summary' },
}
export const kindOf = (type: string) => KINDS[type] ?? { icon: ChartLine, word: type }

interface Props {
  metrics: MetricEntry[]
  selected: MetricEntry | undefined
  find: string
  onFind: (find: string) => void
  onSelect: (entry: MetricEntry) => void
}

/** Every metric that arrived in the time range; typed words must all be in its name, unit or services. */
export function Catalogue({ metrics, selected, find, onFind, onSelect }: Props) {
  const shown = useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean)
    return metrics
      .filter((m) => {
        const text =
          `${m.name} ${m.type} ${m.unit} ${m.services.join(' ')} ${m.description ?? ''}`.toLowerCase()
        return words.every((word) => text.includes(word))
      })
      .toSorted((a, b) => (a.name === b.name ? b.points - a.points : a.name < b.name ? -1 : 1))
  }, [metrics, find])
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  })
  const at = selected ? shown.indexOf(selected) : -1
  const items = virtual.getVirtualItems()
  const move = (step: number) => {
    const next = Math.min(Math.max(at + step, 0), shown.length - 1)
    const entry = shown[next]
    if (!entry) return
    virtual.scrollToIndex(next)
    onSelect(entry)
  }
  useShortcuts('Metrics', [
    { keys: 'j', label: 'Next metric', run: () => move(1) },
    { keys: 'k', label: 'Previous metric', run: () => move(-1) },
  ])
  // A shared link opens with its metric in sight.
  const start = useRef(at)
  useEffect(() => {
    if (start.current > 8) virtual.scrollToIndex(start.current, { align: 'center' })
  }, [virtual])

  return (
    <nav className="metrics-catalogue" aria-label="Metric catalogue">
      <div className="metrics-find">
        <TextInput
          aria-label="Find a metric"
          placeholder="Find a metric, unit or service"
          leftSection={<Search size={12} aria-hidden />}
          value={find}
          onChange={(event) => onFind(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && shown[0]) onSelect(shown[0])
            if (event.key === 'Escape') onFind('')
          }}
        />
        <span className="quiet" role="status">
          {shown.length === metrics.length
            ? `${compact(metrics.length)} metrics`
            : `${compact(shown.length)} of ${compact(metrics.length)}`}
        </span>
      </div>
      <div
        className="metrics-list"
        ref={scroller}
        role="listbox"
        aria-label="Metrics"
        tabIndex={0}
        aria-activedescendant={items.some((i) => i.index === at) ? `metric-${at}` : undefined}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
          if (!step) return
          event.preventDefault()
          move(step)
        }}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => (
            <Entry
              key={`${shown[item.index]!.name} ${kindKey(shown[item.index]!)}`}
              entry={shown[item.index]!}
              id={`metric-${item.index}`}
              top={item.start}
              selected={item.index === at}
              at={item.index}
              of={shown.length}
              onSelect={onSelect}
            />
          ))}
        </div>
        {shown.length === 0 && (
          <p className="quiet metrics-none">
            No metric has “{find}” in its name, unit, service or description.
          </p>
        )}
      </div>
    </nav>
  )
}

function Entry(props: {
  entry: MetricEntry
  id: string
  top: number
  selected: boolean
  at: number
  of: number
  onSelect: (entry: MetricEntry) => void
}) {
  const { entry } = props
  const { icon: Icon, word } = kindOf(entry.type)
  const unit = plainUnit(entry.unit)
  return (
    <div
      role="option"
      id={props.id}
      aria-selected={props.selected}
      aria-posinset={props.at + 1}
      aria-setsize={props.of}
      className="metrics-entry"
      style={{ transform: `translateY(${props.top}px)`, height: ROW }}
      onClick={() => props.onSelect(entry)}
      title={entry.description || entry.name}
    >
      <Icon size={13} aria-hidden />
      <span className="cut metrics-name">{entry.name}</span>
      <span className="unit metrics-seen">
        <RelativeTime iso={entry.last_time} />
      </span>
      <span className="unit metrics-more cut">
        {word}
        {unit && (
          <>
            {' · '}
            <Isolated text={unit} />
          </>
        )}{' '}
        · {compact(entry.series)} series
      </span>
    </div>
  )
}
