/** The whole trace in 48 pixels; dragging on it chooses the time window. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { resolveColour, spanColour } from '@/kit/colour'
import { durationText } from '@/kit/format'
import { useSize } from '@/kit/hooks'
import type { SpanTree } from './tree'
import type { TimeWindow } from './Waterfall'

const HEIGHT = 48

export function colourCache(): (kind: string, service: string) => string {
  const known = new Map<string, string>()
  return (kind, service) => {
    const key = `${kind}\n${service}`
    let colour = known.get(key)
    if (colour === undefined) known.set(key, (colour = resolveColour(spanColour(kind, service))))
    return colour
  }
}

export function Minimap(p: { tree: SpanTree; window: TimeWindow; onWindow: (window: TimeWindow) => void }) {
  const { tree } = p
  const scheme = useComputedColorScheme('dark')
  const [measure, size] = useSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drag, setDrag] = useState<{ a: number; b: number } | null>(null)

  useEffect(() => {
    const node = canvas.current
    if (!node || size.width < 10) return
    const scale = devicePixelRatio || 1
    node.width = size.width * scale
    node.height = HEIGHT * scale
    const g = node.getContext('2d')!
    g.scale(scale, scale)
    g.clearRect(0, 0, size.width, HEIGHT)
    const x = size.width / tree.durationNs
    const step = (HEIGHT - 4) / Math.max(tree.count, 1)
    const thick = Math.min(Math.max(step - 0.5, 1), 5)
    const colour = colourCache()
    const { kind, service, status } = tree.columns
    const failed: number[] = []
    for (let row = 0; row < tree.count; row++) {
      const i = tree.order[row]!
      if (status[i] === 'error') failed.push(row)
      g.fillStyle = colour(kind[i]!, service[i]!)
      g.fillRect(tree.start[i]! * x, 2 + row * step, Math.max((tree.end[i]! - tree.start[i]!) * x, 1), thick)
    }
    g.fillStyle = resolveColour('var(--bad)')
    for (const row of failed) {
      const i = tree.order[row]!
      g.fillRect(
        tree.start[i]! * x,
        2 + row * step,
        Math.max((tree.end[i]! - tree.start[i]!) * x, 2),
        Math.max(thick, 1.5),
      )
    }
  }, [tree, size.width, scheme])

  const share = (ns: number) => `${(ns / tree.durationNs) * 100}%`
  const whole = p.window.from <= 0 && p.window.to >= tree.durationNs
  return (
    <div
      ref={measure}
      className="t-mini"
      title="Drag to zoom, double-click to fit"
      onDoubleClick={() => p.onWindow({ from: 0, to: tree.durationNs })}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        const box = event.currentTarget.getBoundingClientRect()
        const at = (event.clientX - box.left) / box.width
        setDrag({ a: at, b: at })
      }}
      onPointerMove={(event) => {
        if (!drag) return
        const box = event.currentTarget.getBoundingClientRect()
        setDrag({ ...drag, b: Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) })
      }}
      onPointerUp={() => {
        if (!drag) return
        setDrag(null)
        const from = Math.min(drag.a, drag.b) * tree.durationNs
        const to = Math.max(drag.a, drag.b) * tree.durationNs
        if (to - from > tree.durationNs * 0.004) p.onWindow({ from, to })
      }}
      onPointerCancel={() => setDrag(null)}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`The whole trace, ${durationText(tree.durationNs / 1e6)}`}
        style={{ height: HEIGHT }}
      />
      {!whole && (
        <>
          <div className="t-shade" style={{ left: 0, width: share(p.window.from) }} />
          <div className="t-shade" style={{ left: share(p.window.to), right: 0 }} />
        </>
      )}
      {drag && (
        <div
          className="t-pick"
          style={{ left: `${Math.min(drag.a, drag.b) * 100}%`, width: `${Math.abs(drag.a - drag.b) * 100}%` }}
        />
      )}
    </div>
  )
}
