import { Button, Modal, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { savedQuery } from '@/api/dashboardQueries'
import type { DashboardPanel, SavedQuery } from '@/api/types'
import { Failure, SkeletonRows } from '@/kit/states'
import type { Where } from '@/kit/openIn'
import { Answered } from './PanelFrame'
import { complete, firstQuery, QUERY_KINDS, QueryFields } from '@/kit/QueryFields'
import type { Chosen } from '@/kit/variables'

const CHARTS: { value: NonNullable<DashboardPanel['chart']>; label: string }[] = [
  { value: 'line', label: 'Lines' },
  { value: 'area', label: 'Stacked areas' },
  { value: 'bar', label: 'Stacked bars' },
  { value: 'table', label: 'Table' },
  { value: 'stat', label: 'One number' },
]

/** One panel: what it asks, how it is drawn, and how that looks right now. */
export function PanelEditor(props: {
  panel: DashboardPanel
  fresh: boolean
  where: Where
  chosen: Chosen
  onDone: (panel: DashboardPanel) => void
  onClose: () => void
}) {
  const [panel, setPanel] = useState(props.panel)
  // What was asked of another kind comes back when the reader does.
  const [kept, setKept] = useState<Partial<Record<SavedQuery['kind'], SavedQuery>>>({})
  const { query } = panel
  const ready = complete(query)
  const title = panel.title.trim() || titleOf(query)
  const change = (patch: Partial<DashboardPanel>) => setPanel((old) => ({ ...old, ...patch }))
  return (
    <Modal
      opened
      onClose={props.onClose}
      size="min(1100px, 96vw)"
      title={props.fresh ? 'New panel' : `Edit ${props.panel.title}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="d-editor"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) props.onDone({ ...panel, title, unit: panel.unit?.trim() || null })
        }}
      >
        <div className="d-fields">
          <SegmentedControl
            aria-label="Asks"
            value={query.kind}
            data={QUERY_KINDS}
            onChange={(value) => {
              const kind = value as SavedQuery['kind']
              setKept({ ...kept, [query.kind]: query })
              change({ query: kept[kind] ?? firstQuery(kind) })
            }}
          />
          <QueryFields
            variables
            query={query}
            where={props.where}
            onChange={(next) => change({ query: next })}
          />
          <TextInput
            label="Title"
            value={panel.title}
            placeholder={titleOf(query)}
            maxLength={200}
            onChange={(event) => change({ title: event.currentTarget.value })}
          />
          <div className="d-pair">
            <Select
              label="Drawn as"
              data={CHARTS}
              value={panel.chart ?? 'line'}
              allowDeselect={false}
              onChange={(value) => value && change({ chart: value as NonNullable<DashboardPanel['chart']> })}
            />
            <TextInput
              label="Unit"
              placeholder="as answered"
              maxLength={60}
              value={panel.unit ?? ''}
              onChange={(event) => change({ unit: event.currentTarget.value || null })}
            />
          </div>
        </div>
        <div className="d-preview" role="region" aria-label="Preview">
          {ready ? (
            <Preview panel={{ ...panel, title }} where={props.where} chosen={props.chosen} />
          ) : (
            <p className="d-none">{query.kind === 'metric' ? 'Choose a metric' : 'Write a SELECT'}</p>
          )}
        </div>
        <div className="d-actions">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready}>
            {props.fresh ? 'Add the panel' : 'Use'}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function Preview({ panel, where, chosen }: { panel: DashboardPanel; where: Where; chosen: Chosen }) {
  // Nobody wants the answer to half a statement.
  const [asked] = useDebouncedValue(panel.query, panel.query.kind === 'sql' ? 600 : 0)
  const answer = useQuery(savedQuery({ ...where, query: asked, variables: chosen }))
  if (answer.isPending) return <SkeletonRows rows={8} label="Asking for the preview" />
  if (answer.isError) return <Failure error={answer.error} />
  return (
    <Answered
      panel={{ ...panel, query: asked }}
      answer={answer.data}
      where={where}
      at={answer.dataUpdatedAt}
      onBrush={() => undefined}
    />
  )
}

const TITLES = {
  spans: 'Spans',
  logs: 'Log records',
  errors: 'Errors',
  evaluations: 'Evaluations',
  predictions: 'Predictions',
  findings: 'Findings',
}

export function titleOf(query: SavedQuery): string {
  if (query.kind === 'metric') return query.name || 'A metric'
  if (query.kind === 'sql') return 'SQL'
  const by = query.group_by?.length ? ` by ${query.group_by.join(', ')}` : ''
  return `${TITLES[query.kind]}${by}`
}
