/** Rows of a trace: only those on screen exist. The tree pattern of WAI-ARIA; focus stays on the tree. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { AlertCircle, ChevronDown, ChevronRight } from 'lucide-react'
import { memo, useEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { Isolated } from '@/kit/Isolated'
import { spanColour } from '@/kit/colour'
import { compact, durationText, usd } from '@/kit/format'
import { useSize } from '@/kit/hooks'
import { KindIcon } from './KindIcon'
import { shortly, troubled } from './running'
import { childTime, type SpanTree } from './tree'

export interface TimeWindow {
  from: number
  to: number
}

interface Props {
  tree: SpanTree
  rows: Int32Array
  collapsed: ReadonlySet<number>
  window: TimeWindow
  selected: number
  matches: ReadonlySet<number> | null
  critical: ReadonlySet<number> | null
  /** How many internal spans are left out below a span. */
  folded: ReadonlyMap<number, number>
  onSelect: (span: number) => void
  onToggle: (span: number, open: boolean) => void
  /** Under the spans, on the same columns. */
  children?: ReactNode
}

const ROW = 24

export function Waterfall(props: Props) {
  const { tree, rows, selected } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [measure, size] = useSize<HTMLDivElement>()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  })
  const known = useMemo(() => knownUsage(tree), [tree])
  const tokens = known.tokens && size.width > 760
  const cost = known.cost && size.width > 760
  const at = selected < 0 ? -1 : rows.indexOf(selected)
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only a new selection scrolls; new data must not move what a person reads.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected])

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const go = (row: number) => {
      const span = rows[Math.min(Math.max(row, 0), rows.length - 1)]
      if (span !== undefined) props.onSelect(span)
    }
    const open = selected >= 0 && tree.children[selected]! > 0 && !props.collapsed.has(selected)
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1)
        break
      case 'ArrowUp':
        go(at - 1)
        break
      case 'Home':
        go(0)
        break
      case 'End':
        go(rows.length - 1)
        break
      case 'ArrowRight':
        if (selected < 0) return
        if (open) go(at + 1)
        else if (tree.children[selected]) props.onToggle(selected, true)
        break
      case 'ArrowLeft':
        if (selected < 0) return
        if (open) props.onToggle(selected, false)
        else if (tree.parent[selected]! >= 0) props.onSelect(tree.parent[selected]!)
        break
      default:
        return
    }
    event.preventDefault()
  }

  return (
    <div className={`t-fall${tokens ? ' tokens' : ''}${cost ? ' cost' : ''}`} ref={measure}>
      <Ruler
        window={props.window}
        tokens={tokens}
        cost={cost}
        ticks={Math.max(2, Math.floor((size.width * 0.5) / 110))}
      />
      <div
        className="t-rows"
        ref={scroller}
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `span-row-${selected}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const span = rows[item.index]!
            return (
              <Row
                key={span}
                tree={tree}
                span={span}
                top={item.start}
                from={props.window.from}
                to={props.window.to}
                open={!props.collapsed.has(span)}
                selected={span === selected}
                dim={(props.matches !== null && !props.matches.has(span)) || false}
                critical={props.critical?.has(span) ?? false}
                folded={props.folded.get(span) ?? 0}
                fade={props.critical !== null && !props.critical.has(span)}
                tokens={tokens}
                cost={cost}
                onSelect={props.onSelect}
                onToggle={props.onToggle}
              />
            )
          })}
        </div>
      </div>
      {props.children}
    </div>
  )
}

/** Columns that no span fills leave their room to the others. */
function knownUsage({ columns: c }: SpanTree): { tokens: boolean; cost: boolean } {
  const there = (values: (number | null)[]) => values.some((value) => value !== null)
  return { tokens: there(c.input_tokens) || there(c.output_tokens), cost: there(c.cost_usd) }
}

function Ruler(p: { window: TimeWindow; tokens: boolean; cost: boolean; ticks: number }) {
  return (
    <div className="t-ruler" aria-hidden>
      <span>Span</span>
      {p.tokens && <span className="num">Tokens</span>}
      {p.cost && <span className="num">Cost</span>}
      <Axis window={p.window} ticks={p.ticks} />
    </div>
  )
}

/** Time since the trace's start. */
export function Axis(p: { window: TimeWindow; ticks: number }) {
  const { from, to } = p.window
  return (
    <div className="t-axis" aria-hidden>
      {niceTicks(from, to, p.ticks).map((t) => (
        <i key={t} style={{ left: `${((t - from) / (to - from)) * 100}%` }}>
          {t === 0 ? '0' : durationText(t / 1e6)}
        </i>
      ))}
    </div>
  )
}

function niceTicks(from: number, to: number, wanted: number): number[] {
  const raw = (to - from) / wanted
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? raw
  const ticks: number[] = []
  for (let t = Math.ceil(from / step) * step; t < to - step * 0.35; t += step) ticks.push(t)
  return ticks
}

interface RowProps {
  tree: SpanTree
  span: number
  top: number
  from: number
  to: number
  open: boolean
  selected: boolean
  dim: boolean
  critical: boolean
  fade: boolean
  folded: number
  tokens: boolean
  cost: boolean
  onSelect: (span: number) => void
  onToggle: (span: number, open: boolean) => void
}

const Row = memo(function Row(p: RowProps) {
  const { tree, span } = p
  const c = tree.columns
  const children = tree.children[span]!
  const depth = tree.depth[span]!
  const failed = c.status[span] === 'error'
  const hiddenErrors = !p.open && children ? tree.errors[span]! - (failed ? 1 : 0) : 0
  const siblings = tree.parent[span]! >= 0 ? tree.children[tree.parent[span]!]! : tree.roots.length
  const classes = ['t-row', failed && 'error', p.dim && 'dim', p.fade && 'fade'].filter(Boolean).join(' ')
  const tokens = (c.input_tokens[span] ?? 0) + (c.output_tokens[span] ?? 0)
  return (
    <div
      role="treeitem"
      id={`span-row-${span}`}
      aria-level={depth + 1}
      aria-setsize={siblings}
      aria-posinset={tree.place[span]}
      aria-expanded={children ? p.open : undefined}
      aria-selected={p.selected}
      className={classes}
      style={{ transform: `translateY(${p.top}px)` }}
      onClick={() => p.onSelect(span)}
    >
      <div className="t-name" style={{ paddingLeft: Math.min(depth, 18) * 11 }}>
        {children > 0 && tree.size[span]! - 1 > p.folded ? (
          <span
            className="t-twist"
            aria-hidden
            onClick={(event) => {
              event.stopPropagation()
              p.onToggle(span, !p.open)
            }}
          >
            {p.open ? <ChevronDown size={13} /> : <ChevronRight size={13} />}
            {!p.open && <small>{compact(tree.size[span]! - 1)}</small>}
          </span>
        ) : (
          <span className="t-twist" />
        )}
        <KindIcon
          kind={c.kind[span]!}
          spanKind={c.span_kind[span]!}
          convention={c.convention[span]!}
          service={c.service[span]!}
        />
        {failed && <AlertCircle size={12} className="t-bad" aria-label="error" />}
        <span className="cut">
          <Isolated text={c.name[span]!} />{' '}
          <small className="quiet">{c.model[span] || c.service[span]}</small>
        </span>
        {p.folded > 0 && p.open && (
          <small className="quiet" title={`${p.folded} internal spans are folded`}>
            +{compact(p.folded)}
          </small>
        )}
        {hiddenErrors > 0 && (
          <small className="t-bad" title={`${hiddenErrors} errors inside`}>
            ⚠ {hiddenErrors}
          </small>
        )}
      </div>
      {p.tokens && (
        <div className="num quiet">
          {c.input_tokens[span] == null && c.output_tokens[span] == null ? '' : compact(tokens)}
        </div>
      )}
      {p.cost && <div className="num quiet">{c.cost_usd[span] == null ? '' : usd(c.cost_usd[span]!)}</div>}
      <Bar tree={tree} span={span} from={p.from} to={p.to} critical={p.critical} />
    </div>
  )
})

function Bar(p: { tree: SpanTree; span: number; from: number; to: number; critical: boolean }) {
  const { tree, span, from, to } = p
  const width = to - from
  const share = (ns: number) => Math.min(Math.max((ns - from) / width, 0), 1) * 100
  const [start, end] = [tree.start[span]!, tree.end[span]!]
  const left = share(start)
  const right = share(end)
  const colour = spanColour(tree.columns.kind[span]!, tree.columns.service[span]!)
  const running = tree.columns.duration_ns[span] == null
  const now = running ? tree.running.get(tree.columns.span_id[span]!) : undefined
  const label = running ? shortly(now) : durationText((tree.columns.duration_ns[span] ?? 0) / 1e6)
  const outside = end < from || start > to
  const covered = outside ? [] : childTime(tree, span, width / 250)
  return (
    <div className="t-time">
      {outside ? (
        <small className="t-off" style={end < from ? { left: 2 } : { right: 2 }}>
          {end < from ? `← ${label}` : `${label} →`}
        </small>
      ) : (
        <>
          <div
            className={`t-bar${running ? ' running' : ''}${p.critical ? ' critical' : ''}`}
            style={{ left: `${left}%`, width: `max(2px, ${right - left}%)`, background: colour }}
          />
          {covered.map(([a, b]) => (
            <div
              key={a}
              className="t-child"
              style={{ left: `${share(a)}%`, width: `${Math.max(share(b) - share(a), 0)}%` }}
            />
          ))}
          <small
            className={now && troubled(now) ? 't-label trouble' : 't-label'}
            style={
              right < 86
                ? { left: `calc(${right}% + 6px)` }
                : left > 14
                  ? { right: `calc(${100 - left}% + 6px)` }
                  : { right: '0px' }
            }
          >
            {label}
          </small>
        </>
      )}
    </div>
  )
}
