import { ActionIcon, Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  AlertTriangle,
  BellPlus,
  ChartLine,
  Copy,
  Download,
  ExternalLink,
  Info,
  Move,
  MoreHorizontal,
  Pencil,
  Table2,
  Trash2,
} from 'lucide-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import { ApiError } from '@/api/client'
import { queryFile, savedQuery } from '@/api/dashboardQueries'
import type { DashboardPanel, QueryAnswer } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { downloadBlob, downloadText } from '@/kit/download'
import { count } from '@/kit/format'
import { useSeen } from '@/kit/hooks'
import { watchSearch } from '@/kit/MakeMonitor'
import { SkeletonRows } from '@/kit/states'
import type { Step } from '@/kit/grid'
import { resolve } from '@/kit/time'
import { csvOf, drawnOf } from './answer'
import { openIn, type Where } from '@/kit/openIn'
import { PanelChart, PanelStat, PanelTable } from './PanelChart'
import { settledQuery, type Chosen } from '@/kit/variables'

/** What edit mode can do with a panel. */
export interface PanelActions {
  edit: () => void
  copy: () => void
  remove: () => void
  move: (step: Step) => void
  size: (columns: number, rows: number) => void
}

interface Props {
  panel: DashboardPanel
  where: Where
  chosen: Chosen
  live: boolean
  onBrush: (fromMs: number, toMs: number) => void
  /** Only while the dashboard is edited. */
  actions?: PanelActions | undefined
  /** Opens the editor of this panel; absent where the reader may not. */
  onEdit?: (() => void) | undefined
}

export function PanelFrame({ panel, where, chosen, live, onBrush, actions, onEdit }: Props) {
  const [table, setTable] = useState(false)
  // Sixty panels must not ask at once: each asks when it comes near.
  const [observe, seen] = useSeen<HTMLDivElement>()
  const query = useQuery({
    ...savedQuery({ ...where, query: panel.query, variables: chosen }),
    enabled: seen,
    refetchInterval: live ? 10_000 : false,
  })
  const parquet = useMutation({
    mutationFn: () => queryFile({ ...where, query: panel.query, variables: chosen }, 'parquet'),
    onSuccess: (file) => downloadBlob(`${panel.title}.parquet`, file),
    onError: (error) => notifications.show({ color: 'red', title: 'No file', message: error.message }),
  })
  const admin = useAdmin()
  const elsewhere = openIn(panel.query, chosen, where)
  const edit = actions?.edit ?? onEdit
  return (
    <div
      role="group"
      className={actions ? 'd-panel editing' : 'd-panel'}
      aria-label={panel.title}
      ref={observe}
    >
      <header>
        {actions && <Grip title={panel.title} actions={actions} />}
        <h2 className="cut grow" title={panel.title}>
          {panel.title}
        </h2>
        {query.data?.note && <Info size={13} className="quiet" aria-label={query.data.note} role="img" />}
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon size={22} className="d-more" aria-label={`Menu of ${panel.title}`}>
              <MoreHorizontal size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<ExternalLink size={13} />}
              component={Link}
              to={elsewhere.to}
              search={elsewhere.search as never}
            >
              {elsewhere.label}
            </Menu.Item>
            {admin && (
              <Menu.Item
                leftSection={<BellPlus size={13} />}
                component={Link}
                to="/monitors/new"
                search={
                  {
                    project: where.project,
                    ...watchSearch(settledQuery(panel.query, chosen), panel.title),
                  } as never
                }
              >
                Make a monitor of this
              </Menu.Item>
            )}
            {panel.chart !== 'table' && (
              <Menu.Item
                leftSection={table ? <ChartLine size={13} /> : <Table2 size={13} />}
                onClick={() => setTable(!table)}
              >
                {table ? 'As chart' : 'As table'}
              </Menu.Item>
            )}
            <Menu.Item
              leftSection={<Download size={13} />}
              disabled={!query.data}
              onClick={() => query.data && downloadText(`${panel.title}.csv`, 'text/csv', csvOf(query.data))}
            >
              Save as CSV
            </Menu.Item>
            <Menu.Item
              leftSection={<Download size={13} />}
              disabled={!query.data || parquet.isPending}
              onClick={() => parquet.mutate()}
            >
              Save as Parquet
            </Menu.Item>
            {edit && (
              <Menu.Item leftSection={<Pencil size={13} />} onClick={edit}>
                Edit panel
              </Menu.Item>
            )}
            {actions && <ArrangeItems actions={actions} />}
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className="d-body">
        {!seen ? null : query.isPending ? (
          <SkeletonRows rows={4} label={`Asking for ${panel.title}`} />
        ) : query.isError ? (
          <PanelProblem error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Answered
            panel={table ? { ...panel, chart: 'table' } : panel}
            answer={query.data}
            where={where}
            at={query.dataUpdatedAt}
            onBrush={onBrush}
          />
        )}
      </div>
    </div>
  )
}

export function Answered({
  panel,
  answer,
  where,
  at,
  onBrush,
}: {
  panel: DashboardPanel
  answer: QueryAnswer
  where: Where
  /** When it was answered: what `now` meant. */
  at: number
  onBrush: (fromMs: number, toMs: number) => void
}) {
  const drawn = useMemo(() => drawnOf(panel, answer), [panel, answer])
  const span = useMemo((): [number, number] | null => {
    const [from, to] = [resolve(where.from, at), resolve(where.to, at)]
    return from === null || to === null ? null : [from, to]
  }, [where, at])
  const rows = answer.table?.rows.length ?? 0
  if (!rows && !drawn.measured) return <p className="d-none">Nothing in this time</p>
  const props = { panel, answer, drawn, span, onBrush }
  return (
    <>
      {panel.chart === 'stat' ? (
        <PanelStat {...props} />
      ) : panel.chart === 'table' || answer.table ? (
        <PanelTable {...props} />
      ) : (
        <PanelChart {...props} />
      )}
      {answer.truncated && (
        <p className="d-note">
          {answer.table
            ? `Only the first ${count(rows)} rows`
            : `Only ${count(answer.series.length)} series: narrow the filter`}
        </p>
      )}
    </>
  )
}

/** A panel is small: what went wrong in one line, and what to do in another. */
function PanelProblem({ error, retry }: { error: Error; retry: () => void }) {
  return (
    <div className="d-problem" role="alert">
      <p>
        <AlertTriangle size={13} aria-hidden /> {error.message}
      </p>
      {error instanceof ApiError && error.hint && <p className="quiet">{error.hint}</p>}
      <Button onClick={retry}>Try again</Button>
    </div>
  )
}

const STEPS: Record<string, Step> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** Arrow keys move, with Shift they size. */
function Grip({ title, actions }: { title: string; actions: PanelActions }) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    if (!event.shiftKey) return actions.move(step)
    if (step === 'left' || step === 'right') actions.size(step === 'left' ? -1 : 1, 0)
    else actions.size(0, step === 'up' ? -1 : 1)
  }
  return (
    <ActionIcon
      size={22}
      aria-label={`Arrange ${title}: arrow keys move, with Shift they size`}
      title="Arrow keys move, with Shift they size"
      onKeyDown={onKeyDown}
    >
      <Move size={13} />
    </ActionIcon>
  )
}

function ArrangeItems({ actions }: { actions: PanelActions }) {
  const stay = { closeMenuOnClick: false }
  return (
    <>
      <Menu.Item leftSection={<Copy size={13} />} onClick={actions.copy}>
        Duplicate
      </Menu.Item>
      <Menu.Item leftSection={<Trash2 size={13} />} onClick={actions.remove}>
        Remove
      </Menu.Item>
      <Menu.Divider />
      {(['left', 'right', 'up', 'down'] as const).map((step) => (
        <Menu.Item key={step} {...stay} onClick={() => actions.move(step)}>
          Move {step}
        </Menu.Item>
      ))}
      <Menu.Item {...stay} onClick={() => actions.size(1, 0)}>
        Wider
      </Menu.Item>
      <Menu.Item {...stay} onClick={() => actions.size(-1, 0)}>
        Narrower
      </Menu.Item>
      <Menu.Item {...stay} onClick={() => actions.size(0, 1)}>
        Taller
      </Menu.Item>
      <Menu.Item {...stay} onClick={() => actions.size(0, -1)}>
        Shorter
      </Menu.Item>
    </>
  )
}
