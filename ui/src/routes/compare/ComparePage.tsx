/** Two traces as one tree: what made B slower than A, and what only one of them did. */
import { ActionIcon, Button, Checkbox, Popover, SegmentedControl, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeftRight, ChevronsDownUp, ChevronsUpDown } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { comparisonQuery } from '@/api/compareQueries'
import type { TraceComparison } from '@/api/types'
import { Drawer } from '@/kit/Drawer'
import { ExportMenu } from '@/kit/ExportMenu'
import { downloadText } from '@/kit/download'
import { count, durationText, shortId } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { useShortcuts } from '@/kit/keys'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime, StatusBadge, Tokens } from '@/kit/values'
import { Crumb } from '@/kit/Crumb'
import { travelling, useView } from '@/kit/view'
import { Money } from '../llm/Money'
import { AlignedTree } from './AlignedTree'
import { Choose } from './Choose'
import { PairPanel } from './PairPanel'
import { csvOf, findRow, opened, rowKey, rowTree, shownRows, type Order } from './rows'
import { signed, Swatch } from './values'
import '../trace/trace.css'
import './compare.css'

const TITLE = 'Compare traces'

export function ComparePage() {
  const { search, scope, patch } = useView()
  const [a, b] = [search.a ?? '', search.b ?? '']
  const query = useQuery(comparisonQuery(scope.project, a, b))
  if (!a || !b) {
    return (
      <Page title={TITLE} heading={<Heading />}>
        <Empty title={a || b ? `Compare ${shortId(b || a)} with which trace?` : 'Which two traces?'}>
          <p>
            {a || b
              ? 'One of its peers, or any other of this project.'
              : 'Mark two rows of Traces, press Compare on a trace’s page, or paste the id of the first here.'}
          </p>
          <Choose
            project={scope.project}
            traceId={b || a}
            // The trace that was there first is the one that is asked about: B.
            onChoose={(id) => patch(a || b ? { a: id, b: b || a } : { b: id })}
          />
        </Empty>
      </Page>
    )
  }
  if (query.isPending)
    return (
      <Page title={TITLE} heading={<Heading />}>
        <SkeletonRows rows={20} label="Comparing the traces" />
      </Page>
    )
  if (query.isError)
    return (
      <Page title={TITLE} heading={<Heading />}>
        <Failure error={query.error} retry={() => void query.refetch()}>
          <Button onClick={() => patch({ a: undefined, sel: undefined })}>Choose another trace</Button>
        </Failure>
      </Page>
    )
  return (
    <Page title={`Compare ${query.data.b.root_name || 'traces'}`} heading={<Heading />}>
      <Compared key={`${a} ${b}`} found={query.data} />
    </Page>
  )
}

function Heading() {
  return (
    <header className="t-head">
      <div className="row">
        <Crumb to="/traces" label="Traces" />
        <h1 className="k-title">{TITLE}</h1>
      </div>
    </header>
  )
}

function Compared({ found }: { found: TraceComparison }) {
  const { search, scope, patch } = useView()
  const order: Order = search.sort === 'start' ? 'start' : 'waited'
  const only = search.only === '1'
  const { columns } = found
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(() => new Set())
  const tree = useMemo(() => rowTree(columns, order), [columns, order])
  const rows = useMemo(() => shownRows(tree, collapsed, only), [tree, collapsed, only])
  const selected = useMemo(() => findRow(columns, search.sel), [columns, search.sel])
  const select = useCallback(
    (row: number) => {
      setCollapsed((old) => opened(columns, old, row))
      patch({ sel: rowKey(columns, row) }, true)
    },
    [columns, patch],
  )
  const toggle = useCallback((row: number, open: boolean) => {
    setCollapsed((old) => {
      const next = new Set(old)
      if (open) next.delete(row)
      else next.add(row)
      return next
    })
  }, [])
  const move = (step: number, wanted: (row: number) => boolean = () => true) => {
    for (let at = rows.indexOf(selected) + step; at >= 0 && at < rows.length; at += step)
      if (wanted(rows[at]!)) return select(rows[at]!)
  }
  const swap = () =>
    patch({ a: search.b, b: search.a, sel: search.sel?.split('-').toReversed().join('-') }, false)
  const setOnly = (next: boolean) => patch({ only: next ? '1' : undefined }, true)

  useShortcuts('Compare', [
    { keys: 'j', label: 'Next step', run: () => move(1) },
    { keys: 'k', label: 'Previous step', run: () => move(-1) },
    {
      keys: 'n',
      label: 'Next difference',
      run: () => move(1, (row) => columns.differences[row]!.length > 0),
    },
    { keys: 'o', label: 'Only differences, or everything', run: () => setOnly(!only) },
    { keys: 'x', label: 'Swap A and B', run: swap },
  ])
  const inner = () =>
    tree.children.flatMap((below, row) => (below.length && columns.depth[row]! ? [row] : []))
  const differing = columns.differences.reduce((sum, one) => sum + (one.length ? 1 : 0), 0)
  return (
    <>
      <div className="c-summary">
        <p className="c-verdict" role="status">
          <Isolated text={found.verdict} />
        </p>
        <div className="c-traces">
          <TraceCard side="a" trace={found.a} ns={found.duration_a_ns} />
          <Tooltip label="Swap A and B (x)">
            <ActionIcon aria-label="Swap A and B" onClick={swap}>
              <ArrowLeftRight size={14} />
            </ActionIcon>
          </Tooltip>
          <TraceCard side="b" trace={found.b} ns={found.duration_b_ns} />
        </div>
        {found.truncated && (
          <p className="quiet">Of a trace with more than 50,000 spans, the first of them are compared.</p>
        )}
        <Contributors found={found} onSelect={select} />
      </div>
      <div className="k-toolbar">
        <SegmentedControl
          aria-label="Order of steps"
          value={order}
          onChange={(value) => patch({ sort: value === 'start' ? 'start' : undefined }, true)}
          data={[
            { value: 'waited', label: 'Most waited first' },
            { value: 'start', label: 'By start' },
          ]}
        />
        <Checkbox
          label="Only differences"
          checked={only}
          onChange={(event) => setOnly(event.currentTarget.checked)}
        />
        <span className="quiet" role="status">
          {count(found.count)} step{found.count === 1 ? '' : 's'}, {count(differing)} differ
        </span>
        <span className="grow" />
        <Tooltip label="Collapse all below the first level">
          <ActionIcon aria-label="Collapse all" onClick={() => setCollapsed(new Set(inner()))}>
            <ChevronsDownUp size={14} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Expand all">
          <ActionIcon aria-label="Expand all" onClick={() => setCollapsed(new Set())}>
            <ChevronsUpDown size={14} />
          </ActionIcon>
        </Tooltip>
        <ExportMenu
          what="spans"
          about="Every span of both traces"
          scope={{
            project: scope.project,
            from: 'all',
            to: '',
            q: `trace_id:${found.a.trace_id},${found.b.trace_id}`,
          }}
          shown={{
            label: 'CSV of the aligned steps',
            save: () => downloadText('compared-traces.csv', 'text/csv', csvOf(columns)),
          }}
        />
      </div>
      <div className="k-body" style={{ marginTop: 0, borderTop: 0 }}>
        <div className="k-rows">
          {rows.length === 0 ? (
            <Empty
              title="These traces do not differ"
              actions={<Button onClick={() => setOnly(false)}>Show all steps</Button>}
            >
              <p>Every step took the same time, to 1 % of the trace, and ended the same way.</p>
            </Empty>
          ) : (
            <AlignedTree
              tree={tree}
              rows={rows}
              collapsed={collapsed}
              scaleNs={Math.max(found.duration_a_ns, found.duration_b_ns, 1)}
              selected={selected}
              onSelect={select}
              onToggle={toggle}
            />
          )}
        </div>
        {selected >= 0 && (
          <Drawer
            label="Step"
            title={<Isolated text={columns.name[selected]!} />}
            onClose={() => patch({ sel: undefined }, true)}
          >
            <PairPanel
              key={search.sel}
              project={scope.project}
              a={found.a.trace_id}
              b={found.b.trace_id}
              columns={columns}
              row={selected}
            />
          </Drawer>
        )}
      </div>
    </>
  )
}

function TraceCard({ side, trace, ns }: { side: 'a' | 'b'; trace: TraceComparison['a']; ns: number }) {
  const { scope, search, patch } = useView()
  const [open, setOpen] = useState(false)
  const known = trace.input_tokens !== null || trace.output_tokens !== null
  return (
    <section className={`c-card ${side}`} aria-label={`Trace ${side.toUpperCase()}`}>
      <div className="row">
        <Swatch side={side} />
        <Link
          className="cut"
          to="/traces/$traceId"
          params={{ traceId: trace.trace_id }}
          search={(old) => travelling(old)}
        >
          <Isolated text={trace.root_name || 'Trace without a root'} />
        </Link>
        <span className="grow" />
        <Popover opened={open} onChange={setOpen} position="bottom-end" width={360} trapFocus>
          <Popover.Target>
            <Button
              variant="subtle"
              color="gray"
              aria-label={`Change trace ${side.toUpperCase()}`}
              onClick={() => setOpen(!open)}
            >
              Change
            </Button>
          </Popover.Target>
          <Popover.Dropdown aria-label="Which trace">
            <Choose
              project={scope.project}
              traceId={(side === 'a' ? search.b : search.a) ?? ''}
              onChoose={(id) => {
                setOpen(false)
                patch({ [side]: id, sel: undefined })
              }}
            />
          </Popover.Dropdown>
        </Popover>
      </div>
      <div className="t-facts">
        <b>{durationText(ns / 1e6)}</b>
        <RelativeTime iso={trace.start_time} />
        <span>
          {count(trace.span_count)} span{trace.span_count === 1 ? '' : 's'}
        </span>
        <StatusBadge status={trace.status} state={trace.state} errors={trace.error_count} />
        {known && <Tokens input={trace.input_tokens} output={trace.output_tokens} />}
        {trace.cost_usd !== null && <Money value={trace.cost_usd} unpriced={trace.unpriced} />}
      </div>
    </section>
  )
}

/** Whose the difference is: each step itself, without what is below it. */
function Contributors({ found, onSelect }: { found: TraceComparison; onSelect: (row: number) => void }) {
  const { columns } = found
  const gap = found.gap_b_ns - found.gap_a_ns
  // As the server calls a difference of time one: smaller ones would only hide what matters.
  const least = Math.max(found.duration_a_ns, found.duration_b_ns) / 100
  const whose = found.contributors.filter((one) => Math.abs(one.delta_ns) >= least).slice(0, 5)
  if (!whose.length && Math.abs(gap) < least) return null
  return (
    <div className="c-whose">
      <span className="quiet">Waited for</span>
      {whose.map(({ row, delta_ns }) => (
        <button type="button" className="plain" key={row} onClick={() => onSelect(row)}>
          <b>{signed(delta_ns)}</b> <Isolated text={columns.name[row]!} />{' '}
          <small className="quiet">
            <Isolated text={columns.service[row]!} />
          </small>
        </button>
      ))}
      {Math.abs(gap) >= least && (
        <span>
          <b>{signed(gap)}</b> while no span ran
        </span>
      )}
    </div>
  )
}
