/** Rows without end: virtualised, keyboard-first, columns give way by priority when it gets narrow. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { memo, useCallback, useEffect, useMemo, useRef, type ReactNode } from 'react'
import { useSize } from './hooks'
import { useShortcuts } from './keys'
import './table.css'

export interface Column<T> {
  id: string
  header: ReactNode
  /** Least width in pixels; `grow` shares what is left. */
  width: number
  grow?: number
  align?: 'right'
  /** Columns with the highest number leave first. 0 stays. */
  priority?: number
  /** Sort keys that the server knows: `{ desc: '-duration_ms', asc: 'duration_ms' }`. */
  sort?: { desc?: string; asc?: string }
  render: (row: T) => ReactNode
}

interface Props<T> {
  label: string
  columns: Column<T>[]
  rows: T[]
  rowKey: (row: T) => string
  selected?: string | undefined
  onSelect?: (row: T) => void
  onOpen?: (row: T) => void
  /** Extra class per row, e.g. `error` for the red edge. */
  tone?: (row: T) => string
  sort?: string
  onSort?: (sort: string) => void
  onEnd?: () => void
  onScrolled?: (top: number) => void
  rowHeight?: number
  footer?: ReactNode
  /** Keep every column and scroll sideways instead of dropping some. */
  scrollX?: boolean
}

/** As in table.css. */
const GAP = 12
const HEAD = 27

function fit<T>(columns: Column<T>[], width: number): Column<T>[] {
  if (!width) return columns
  let shown = columns
  const total = () => shown.reduce((sum, c) => sum + c.width + GAP, 0) + GAP
  while (total() > width) {
    const least = Math.max(...shown.map((c) => c.priority ?? 0))
    if (least <= 0) break
    const at = shown.findLastIndex((c) => (c.priority ?? 0) === least)
    shown = shown.toSpliced(at, 1)
  }
  return shown
}

interface RowProps<T> {
  row: T
  id: string
  index: number
  columns: Column<T>[]
  template: string
  top: number
  height: number
  selected: boolean
  tone: string
  onSelect?: ((row: T) => void) | undefined
  onOpen?: ((row: T) => void) | undefined
}

function RowView<T>(p: RowProps<T>) {
  return (
    <div
      role="row"
      id={p.id}
      aria-rowindex={p.index + 2}
      aria-selected={p.selected}
      className={`k-tr ${p.tone}${p.onSelect ? ' link' : ''}`}
      style={{ transform: `translateY(${p.top}px)`, height: p.height, gridTemplateColumns: p.template }}
      onClick={() => p.onSelect?.(p.row)}
      onDoubleClick={() => p.onOpen?.(p.row)}
    >
      {p.columns.map((column) => (
        <div key={column.id} role="gridcell" className={column.align === 'right' ? 'num cut' : 'cut'}>
          {column.render(p.row)}
        </div>
      ))}
    </div>
  )
}
const Row = memo(RowView) as typeof RowView

export function DataTable<T>(props: Props<T>) {
  const { rows, columns, rowKey, rowHeight = 24 } = props
  const scroller = useRef<HTMLDivElement | null>(null)
  const [measure, size] = useSize<HTMLDivElement>()
  const attach = useCallback(
    (node: HTMLDivElement | null) => {
      scroller.current = node
      measure(node)
    },
    [measure],
  )
  const shown = useMemo(
    () => (props.scrollX ? columns : fit(columns, size.width)),
    [columns, size.width, props.scrollX],
  )
  const least = props.scrollX ? shown.reduce((sum, c) => sum + c.width + GAP, GAP) : undefined
  const template = shown.map((c) => (c.grow ? `minmax(${c.width}px, ${c.grow}fr)` : `${c.width}px`)).join(' ')
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // The header is sticky inside the same scroller.
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const { onEnd } = props
  useEffect(() => {
    if (rows.length && last >= rows.length - 20) onEnd?.()
  }, [last, rows.length, onEnd])

  const at = props.selected === undefined ? -1 : rows.findIndex((row) => rowKey(row) === props.selected)
  const move = (step: number) => {
    const next = Math.min(Math.max(at + step, 0), rows.length - 1)
    const row = rows[next]
    if (!row) return
    virtual.scrollToIndex(next)
    props.onSelect?.(row)
  }
  const open = () => {
    const row = rows[at]
    if (row) props.onOpen?.(row)
  }
  useShortcuts(
    'Rows',
    [
      { keys: 'j', label: 'Next row', run: () => move(1) },
      { keys: 'k', label: 'Previous row', run: () => move(-1) },
      ...(props.onOpen ? [{ keys: 'Enter', label: 'Open the row', run: open }] : []),
    ],
    !!props.onSelect,
  )

  const anchor = props.label.replace(/\W+/g, '-')
  return (
    <div
      className={props.scrollX ? 'k-table wide' : 'k-table'}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      aria-activedescendant={at >= 0 && items.some((i) => i.index === at) ? `${anchor}-${at}` : undefined}
      ref={attach}
      onScroll={(event) => {
        if (event.target === event.currentTarget) props.onScrolled?.(event.currentTarget.scrollTop)
      }}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return
        if (event.key === 'ArrowDown') move(1)
        else if (event.key === 'ArrowUp') move(-1)
        else return
        event.preventDefault()
      }}
    >
      <div
        role="row"
        className="k-thead"
        aria-rowindex={1}
        style={{ gridTemplateColumns: template, minWidth: least }}
      >
        {shown.map((column) => (
          <HeaderCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
        ))}
      </div>
      <div className="k-tbody" role="rowgroup" style={{ minWidth: least }}>
        <div role="presentation" style={{ height: rows.length * rowHeight, position: 'relative' }}>
          {items.map((item) => {
            const row = rows[item.index]!
            return (
              <Row
                key={rowKey(row)}
                id={`${anchor}-${item.index}`}
                row={row}
                index={item.index}
                columns={shown}
                template={template}
                top={item.start - HEAD}
                height={rowHeight}
                selected={item.index === at}
                tone={props.tone?.(row) ?? ''}
                onSelect={props.onSelect}
                onOpen={props.onOpen}
              />
            )
          })}
        </div>
        {props.footer && (
          <div role="row" className="k-tfoot">
            <div role="gridcell">{props.footer}</div>
          </div>
        )}
      </div>
    </div>
  )
}

function HeaderCell<T>(props: {
  column: Column<T>
  sort: string | undefined
  onSort: ((sort: string) => void) | undefined
}) {
  const { column, sort, onSort } = props
  const down = column.sort?.desc !== undefined && sort === column.sort.desc
  const up = column.sort?.asc !== undefined && sort === column.sort.asc
  const className = column.align === 'right' ? 'num cut' : 'cut'
  if (!column.sort || !onSort) {
    return (
      <div role="columnheader" className={className}>
        {column.header}
      </div>
    )
  }
  const next = down && column.sort.asc ? column.sort.asc : (column.sort.desc ?? column.sort.asc)!
  return (
    <div
      role="columnheader"
      className={className}
      aria-sort={down ? 'descending' : up ? 'ascending' : 'none'}
    >
      <button type="button" className="plain" onClick={() => onSort(next)}>
        {column.header}
        {down && <ArrowDown size={11} aria-hidden />}
        {up && <ArrowUp size={11} aria-hidden />}
      </button>
    </div>
  )
}
