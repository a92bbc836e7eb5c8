/** Rows of two aligned traces: only those on screen exist. The same tree pattern and keys as the waterfall. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { memo, useEffect, useRef, type KeyboardEvent } from 'react'
import { durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { KindIcon } from '../trace/KindIcon'
import { timesOf, wordsOf, type Columns, type RowTree, type Side } from './rows'
import { signed } from './values'

const ROW = 26

interface Props {
  tree: RowTree
  rows: number[]
  collapsed: ReadonlySet<number>
  /** Of the longer trace: both bars are drawn on it. */
  scaleNs: number
  selected: number
  onSelect: (row: number) => void
  onToggle: (row: number, open: boolean) => void
}

export function AlignedTree(props: Props) {
  const { tree, rows, selected, collapsed } = props
  const { columns } = tree
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  })
  const at = selected < 0 ? -1 : rows.indexOf(selected)
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
    // Only a new selection scrolls; new data must not move what a person reads.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected])

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const go = (place: number) => {
      const row = rows[Math.min(Math.max(place, 0), rows.length - 1)]
      if (row !== undefined) props.onSelect(row)
    }
    const inner = selected >= 0 && tree.children[selected]!.length > 0
    const open = inner && !collapsed.has(selected)
    if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(rows.length - 1)
    else if (event.key === 'ArrowRight' && inner) {
      if (open) go(at + 1)
      else props.onToggle(selected, true)
    } else if (event.key === 'ArrowLeft' && selected >= 0) {
      if (open) props.onToggle(selected, false)
      else if (columns.parent[selected]! >= 0) props.onSelect(columns.parent[selected]!)
    } else return
    event.preventDefault()
  }

  return (
    <div className="c-tree">
      <div className="c-head" aria-hidden>
        <span>Step</span>
        <span className="c-wide">0 to {durationText(props.scaleNs / 1e6)}</span>
        <span className="num c-wide">A</span>
        <span className="num c-wide">B</span>
        <span className="num c-wide">Time</span>
        <span className="num">Waited</span>
      </div>
      <div
        className="c-rows"
        ref={scroller}
        role="tree"
        aria-label="Steps"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `step-${selected}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!
            return (
              <Row
                key={row}
                columns={columns}
                row={row}
                top={item.start}
                scaleNs={props.scaleNs}
                inner={tree.children[row]!.length > 0}
                open={!collapsed.has(row)}
                selected={row === selected}
                onSelect={props.onSelect}
                onToggle={props.onToggle}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  columns: Columns
  row: number
  top: number
  scaleNs: number
  inner: boolean
  open: boolean
  selected: boolean
  onSelect: (row: number) => void
  onToggle: (row: number, open: boolean) => void
}

const Row = memo(function Row(p: RowProps) {
  const { columns: c, row } = p
  const found = c.differences[row]!
  const words = wordsOf(c, row)
  const times = timesOf(c, row)
  const both = c.a.count[row]! > 0 && c.b.count[row]! > 0
  const later = c.b.duration_ns[row]! - c.a.duration_ns[row]!
  const notable = found.includes('slower') || found.includes('faster')
  const failed = c.b.errors[row]! > c.a.errors[row]!
  return (
    <div
      role="treeitem"
      id={`step-${row}`}
      aria-level={c.depth[row]! + 1}
      aria-expanded={p.inner ? p.open : undefined}
      aria-selected={p.selected}
      className={`c-row${failed ? ' error' : ''}${found.length ? '' : ' same'}`}
      style={{ transform: `translateY(${p.top}px)` }}
      onClick={() => p.onSelect(row)}
    >
      <div className="t-name" style={{ paddingLeft: Math.min(c.depth[row]!, 18) * 11 }}>
        <span
          className="t-twist"
          aria-hidden
          onClick={(event) => {
            if (!p.inner) return
            event.stopPropagation()
            p.onToggle(row, !p.open)
          }}
        >
          {p.inner && (p.open ? <ChevronDown size={13} /> : <ChevronRight size={13} />)}
        </span>
        <KindIcon
          kind={c.kind[row]!}
          spanKind={c.span_kind[row]!}
          convention={c.convention[row]!}
          service={c.service[row]!}
        />
        <span className="cut">
          <Isolated text={c.name[row]!} />
          {c.name_b[row] && (
            <>
              {' → '}
              <Isolated text={c.name_b[row]!} />
            </>
          )}{' '}
          {times && <b className="c-times">{times}</b>}{' '}
          <small className="quiet">
            <Isolated text={c.service[row]!} />
          </small>
        </span>
        {words.map((word) => (
          <span className="c-word" key={word}>
            <Isolated text={word} />
          </span>
        ))}
      </div>
      <div className="c-bars c-wide">
        <Bar side={c.a} row={row} scaleNs={p.scaleNs} name="a" />
        <Bar side={c.b} row={row} scaleNs={p.scaleNs} name="b" />
      </div>
      <div className="num c-wide">{took(c.a, row)}</div>
      <div className="num c-wide">{took(c.b, row)}</div>
      <div className={`num c-wide${notable ? ' c-notable' : ' quiet'}`}>
        {both && later ? signed(later) : ''}
      </div>
      <div className={`num${Math.abs(c.below_ns[row]!) >= p.scaleNs / 100 ? ' c-notable' : ' quiet'}`}>
        {c.below_ns[row] ? signed(c.below_ns[row]!) : ''}
      </div>
    </div>
  )
})

const took = (side: Side, row: number): string =>
  side.count[row] ? durationText(side.duration_ns[row]! / 1e6) : '–'

function Bar(p: { side: Side; row: number; scaleNs: number; name: 'a' | 'b' }) {
  if (!p.side.count[p.row]) return null
  const left = (p.side.start_ns[p.row]! / p.scaleNs) * 100
  const width = ((p.side.end_ns[p.row]! - p.side.start_ns[p.row]!) / p.scaleNs) * 100
  return <i className={p.name} style={{ left: `min(${left}%, 100% - 2px)`, width: `max(2px, ${width}%)` }} />
}
