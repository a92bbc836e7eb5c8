/** What a monitor would have done over the past day, drawn and said, while it is written. */
import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { MonitorPast, PreviewAnswer } from '@/api/types'
import type { Band } from '@/kit/LimitMarks'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { plainUnit } from '@/kit/units'
import type { Draft } from './draft'
import { MonitorChart } from './MonitorChart'
import { subjectOf } from './periods'
import { roundLimit } from './proposals'
import { spoken } from './seconds'

export function DraftPreview(props: {
  draft: Draft
  /** The limit as a number; null while there is none. */
  limit: number | null
  ready: boolean
  query: UseQueryResult<PreviewAnswer>
  /** Whether what is wrong with it is said beside a field. */
  placed: boolean
  onLimit: (limit: string) => void
}) {
  const { draft, limit, query } = props
  const past = query.data?.preview
  const judged = !draft.limited || limit !== null
  const bands = useMemo(() => (past && judged ? bandsOf(past) : []), [past, judged])
  if (!props.ready) return <p className="mo-none">Say what to watch, and the past day shows here.</p>
  if (query.isError && props.placed) {
    return <p className="mo-none">Mend what is marked, and the past day shows here.</p>
  }
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!past) return <SkeletonRows rows={8} label="Looking at the past day" />
  if (past.series.length === 0) {
    return (
      <NotEnoughData title="No past to look at">
        <p>{past.note}</p>
      </NotEnoughData>
    )
  }
  return (
    <>
      <p className="mo-would" role="status">
        {judged ? (
          <Would bands={bands} past={past} />
        ) : (
          <Suggest past={past} draft={draft} onLimit={props.onLimit} />
        )}
      </p>
      <MonitorChart
        label="The past day"
        query={draft.query}
        past={past}
        op={draft.op}
        limit={draft.limited ? limit : null}
        bands={bands}
        height={240}
      />
      {judged && query.data && <p className="quiet">{query.data.condition_text}.</p>}
      {past.note && <p className="quiet">{past.note}</p>}
    </>
  )
}

function bandsOf(past: MonitorPast): Band[] {
  return past.series.flatMap((series) =>
    series.firing.map(([from, to]): Band => ({
      from: from!,
      to: to!,
      label: ['would have called', subjectOf(series.labels)].filter(Boolean).join(': '),
      tone: 'bad',
    })),
  )
}

function Would({ bands, past }: { bands: Band[]; past: MonitorPast }) {
  if (!past.series.some((series) => series.points.some(([, value]) => value !== null)) && !bands.length) {
    return <>Over the past day there was nothing to look at.</>
  }
  if (!bands.length) return <>Over the past day it would not have called.</>
  const total = bands.reduce((sum, band) => sum + (band.to! - band.from), 0)
  return (
    <>
      Over the past day it would have called <b>{bands.length === 1 ? 'once' : `${bands.length} times`}</b>,
      for {spoken(Math.round(total / 1000))}
      {bands.length > 1 && ' in all'}.
    </>
  )
}

/** Without a limit: what is usual, and what would be unusual. */
function Suggest(p: { past: MonitorPast; draft: Draft; onLimit: (limit: string) => void }) {
  const values = p.past.series.flatMap((s) => s.points.map(([, v]) => v).filter((v) => v !== null))
  if (!values.length) return <>Over the past day there was nothing to look at. Write a limit.</>
  const above = p.draft.op.startsWith('>')
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity])
  const limit = above ? roundLimit(most * 1.2) : Number((least / 2).toPrecision(2))
  const unit = plainUnit(p.past.unit) && ` ${plainUnit(p.past.unit)}`
  return (
    <>
      Over the past day it was between {short(least)} and {short(most)}
      {unit}. Write a limit, or{' '}
      <Button onClick={() => p.onLimit(String(limit))}>
        take {short(limit)}
        {unit}
      </Button>
    </>
  )
}

const short = (value: number): string => String(Number(value.toPrecision(3)))
