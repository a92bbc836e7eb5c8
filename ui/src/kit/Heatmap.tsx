/** Durations over time: brighter is more spans, a red edge is where errors are. A box drawn on it narrows both. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import type { SpanHeatmap } from '@/api/types'
import { ChangeMarks } from './ChangeMarks'
import { resolveColour, viridis } from './colour'
import { compact, durationText } from './format'
import { useSize } from './hooks'
import { useUtc } from './prefs'
import { isoToMs, stamp } from './time'
import { useChanges } from './useChanges'
import './chart.css'

interface Box {
  fromMs: number
  toMs: number
  lowMs: number
  highMs: number
}
const LEFT = 52
const BOTTOM = 22

export function Heatmap(p: { data: SpanHeatmap; height?: number; onSelect: (box: Box) => void }) {
  const { data, height = 132 } = p
  const scheme = useComputedColorScheme('dark')
  const [utc] = useUtc()
  const [measure, size] = useSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drag, setDrag] = useState<{ x0: number; y0: number; x1: number; y1: number } | null>(null)
  const [hover, setHover] = useState<{ x: number; y: number } | null>(null)
  const times = useMemo(() => data.times.map(isoToMs), [data.times])
  const columns = times.length
  const bands = Math.max(data.edges_ms.length - 1, 1)
  const step = columns > 1 ? times[1]! - times[0]! : 60_000
  const plotW = Math.max(size.width - LEFT - 8, 10)
  const plotH = height - BOTTOM - 6
  const range: [number, number] = [times[0] ?? 0, (times.at(-1) ?? 0) + step]
  const changes = useChanges(range[0], columns ? range[1] : 0)
  const top = useMemo(() => Math.max(1, ...data.counts.flat()), [data.counts])
  const cell = { w: plotW / Math.max(columns, 1), h: plotH / bands }

  useEffect(() => {
    const node = canvas.current
    if (!node || size.width < 40) return
    const scale = devicePixelRatio || 1
    node.width = size.width * scale
    node.height = height * scale
    const g = node.getContext('2d')!
    g.scale(scale, scale)
    g.clearRect(0, 0, size.width, height)
    const w = plotW / Math.max(columns, 1)
    const h = plotH / bands
    const bad = resolveColour('var(--bad)')
    for (let x = 0; x < columns; x++) {
      for (let y = 0; y < bands; y++) {
        const n = data.counts[x]?.[y] ?? 0
        if (!n) continue
        const px = LEFT + x * w
        const py = 6 + plotH - (y + 1) * h
        // Logarithmic: one slow span must stay visible beside ten thousand quick ones.
        const t = 0.18 + 0.82 * (Math.log1p(n) / Math.log1p(top))
        g.fillStyle = viridis(scheme === 'dark' ? t : 1 - t * 0.92)
        g.fillRect(px, py, Math.max(w - 1, 1), Math.max(h - 0.5, 1))
        if (data.errors[x]?.[y]) {
          g.fillStyle = bad
          g.fillRect(px, py, Math.max(w - 1, 1), 2)
        }
      }
    }
    g.font = '11px sans-serif'
    g.fillStyle = resolveColour('var(--text-2)')
    g.textAlign = 'right'
    g.textBaseline = 'middle'
    const labels = Math.min(4, bands)
    for (let i = 0; i <= labels; i++) {
      const band = Math.round((bands * i) / labels)
      const edge = data.edges_ms[band]
      if (edge !== undefined)
        g.fillText(durationText(edge), LEFT - 6, Math.min(Math.max(6 + plotH - band * h, 8), height - 10))
    }
    g.textAlign = 'center'
    const every = Math.max(1, Math.ceil(columns / Math.max(2, Math.floor(plotW / 110))))
    for (let x = every; x < columns; x += every) {
      const at = stamp(times[x]!, utc)
      g.fillText(step * columns > 172_800_000 ? at.slice(5, 16) : at.slice(11, 16), LEFT + x * w, height - 9)
    }
  }, [data, size.width, height, scheme, utc, columns, bands, plotW, plotH, top, times, step])

  const place = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return {
      x: Math.min(Math.max(event.clientX - box.left, LEFT), LEFT + plotW - 0.01),
      y: Math.min(Math.max(event.clientY - box.top, 6), 6 + plotH - 0.01),
    }
  }
  const column = (x: number) => Math.floor((x - LEFT) / cell.w)
  const band = (y: number) => bands - 1 - Math.floor((y - 6) / cell.h)

  function finish() {
    if (!drag) return
    setDrag(null)
    const [xa, xb] = [column(Math.min(drag.x0, drag.x1)), column(Math.max(drag.x0, drag.x1))]
    const [low, high] = [band(Math.max(drag.y0, drag.y1)), band(Math.min(drag.y0, drag.y1))]
    p.onSelect({
      fromMs: times[xa] ?? times[0]!,
      toMs: (times[xb] ?? times.at(-1)!) + step,
      lowMs: data.edges_ms[low] ?? 0,
      highMs: data.edges_ms[high + 1] ?? Infinity,
    })
  }
  const over = hover && !drag ? { x: column(hover.x), y: band(hover.y) } : null
  const n = over ? (data.counts[over.x]?.[over.y] ?? 0) : 0
  return (
    <figure className="k-chart" aria-label="Duration over time, number of spans">
      <div
        ref={measure}
        className="k-heat"
        style={{ height }}
        onPointerDown={(event) => {
          if (event.button !== 0 || columns === 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          const { x, y } = place(event)
          setDrag({ x0: x, y0: y, x1: x, y1: y })
        }}
        onPointerMove={(event) => {
          const { x, y } = place(event)
          setHover({ x, y })
          if (drag) setDrag({ ...drag, x1: x, y1: y })
        }}
        onPointerLeave={() => setHover(null)}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
      >
        <canvas ref={canvas} style={{ height }} role="img" aria-label={summary(data, utc)} />
        {drag && (
          <div
            className="k-box"
            style={{
              left: Math.min(drag.x0, drag.x1),
              top: Math.min(drag.y0, drag.y1),
              width: Math.abs(drag.x1 - drag.x0),
              height: Math.abs(drag.y1 - drag.y0),
            }}
          />
        )}
        {size.width >= 40 && (
          <ChangeMarks changes={changes} range={range} box={[LEFT, 6, plotW, plotH]} utc={utc} />
        )}
        {over && n > 0 && (
          <div
            className="k-tip"
            style={{ left: hover!.x > plotW * 0.7 ? hover!.x - 190 : hover!.x + 14, top: 8 }}
          >
            <div>
              <span>{stamp(times[over.x] ?? 0, utc)}</span>
            </div>
            <div>
              <span>
                {durationText(data.edges_ms[over.y] ?? 0)} to {durationText(data.edges_ms[over.y + 1] ?? 0)}
              </span>
            </div>
            <div>
              <b>{compact(n)} spans</b>
              {(data.errors[over.x]?.[over.y] ?? 0) > 0 && (
                <span>{compact(data.errors[over.x]![over.y]!)} with errors</span>
              )}
            </div>
          </div>
        )}
      </div>
    </figure>
  )
}

function summary(data: SpanHeatmap, utc: boolean): string {
  let best = { n: 0, x: 0, y: 0 }
  data.counts.forEach((column, x) => column.forEach((n, y) => n > best.n && (best = { n, x, y })))
  if (!best.n) return 'No spans in this range'
  const when = stamp(isoToMs(data.times[best.x]!), utc)
  return `Most spans, ${best.n}, took ${durationText(data.edges_ms[best.y] ?? 0)} to ${durationText(data.edges_ms[best.y + 1] ?? 0)} at ${when}`
}
