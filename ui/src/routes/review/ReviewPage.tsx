/** A reviewer goes through what a filter selects, one after the other, and says what they think of each. */
import { Button, NumberInput, SegmentedControl, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, RefreshCw, Undo2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { say, scoresQuery, type Said } from '@/api/evaluationQueries'
import { claimReview, releaseReview, reviewQuery, type Wanted, type What } from '@/api/reviewQueries'
import type { ReviewQueue, ReviewRow } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { FilterBar } from '@/kit/FilterBar'
import { ExportMenu } from '@/kit/ExportMenu'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { useShortcuts } from '@/kit/keys'
import { LongerTimes, useWhen } from '@/kit/NothingFound'
import { Page } from '@/kit/Page'
import { LLM_SENDERS, SetUp } from '@/kit/SetUp'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { SPAN_KEYS } from '../traces/columns'
import { keyOf, nextOpen, targetOf } from './choices'
import { holderOfTab } from './holder'
import { Item } from './Item'
import { Judge } from './Judge'
import './review.css'

const RENEW_MS = 60_000

function useWanted(): Wanted {
  const { search } = useView()
  return {
    what: search.what === 'trace' || search.what === 'session' ? search.what : 'span',
    score: search.score ?? '',
    sample: Math.max(1, Math.floor(Number(search.sample) || 1)),
    low: search.low ?? '',
    below: Number(search.below ?? 0.5) || 0,
    order: search.order === 'newest' ? 'newest' : 'unreviewed',
  }
}

export function ReviewPage() {
  const { scope, setQ } = useView()
  const wanted = useWanted()
  const when = useWhen()
  // A tab of one's own: the same reviewer may have two open.
  const [holder] = useState(holderOfTab)
  const queue = useQuery(reviewQuery(scope, wanted, holder))
  return (
    <Page title="Review">
      <div className="k-band">
        <FilterBar
          scope={scope}
          signal="spans"
          keys={SPAN_KEYS}
          placeholder="What to review: kind:llm status:error model:gpt*, or words"
          onChange={setQ}
        />
      </div>
      <Choose wanted={wanted} />
      {queue.isPending ? (
        <SkeletonRows label="Loading the queue" />
      ) : queue.isError ? (
        <Failure error={queue.error} retry={() => void queue.refetch()} />
      ) : queue.data.rows.length === 0 ? (
        <div className="k-scroll">
          <Empty
            title={`Nothing to review (${when})`}
            actions={
              <>
                {scope.q && <Button onClick={() => setQ('')}>Clear the filter</Button>}
                <LongerTimes />
              </>
            }
          >
            <p>
              No {wanted.what} of this filter and time is in the queue. Take a longer time, another filter, or
              come from the Traces page with “Review”. Where no calls of models arrive yet:
            </p>
            <SetUp project={scope.project} kinds={LLM_SENDERS} />
          </Empty>
        </div>
      ) : (
        <Going
          key={queue.dataUpdatedAt}
          {...{ wanted, holder, queue: queue.data }}
          onAgain={() => void queue.refetch()}
        />
      )}
    </Page>
  )
}

function Choose({ wanted }: { wanted: Wanted }) {
  const { scope, patch } = useView()
  const scores = useQuery(scoresQuery(scope.project))
  const names = (scores.data?.rows ?? []).map((one) => one.name)
  const set = (change: Record<string, string | undefined>) => patch({ ...change, item: undefined }, true)
  return (
    <div className="rv-wanted">
      <SegmentedControl
        aria-label="Review"
        value={wanted.what}
        onChange={(value) => set({ what: value === 'span' ? undefined : value })}
        data={[
          { value: 'span', label: 'Spans' },
          { value: 'trace', label: 'Traces' },
          { value: 'session', label: 'Sessions' },
        ]}
      />
      <Select
        aria-label="Score"
        w={150}
        value={wanted.score}
        onChange={(value) => set({ score: value || undefined })}
        data={[
          { value: '', label: 'Thumbs' },
          ...[...new Set([...names, ...(wanted.score ? [wanted.score] : [])])].map((name) => ({
            value: name,
            label: name,
          })),
        ]}
      />
      <Select
        aria-label="Sample"
        w={110}
        value={String(wanted.sample)}
        onChange={(value) => set({ sample: value && value !== '1' ? value : undefined })}
        data={[...new Set(['1', '2', '5', '10', '100', '1000', String(wanted.sample)])].map((n) => ({
          value: n,
          label: n === '1' ? 'All' : `1 in ${n}`,
        }))}
      />
      <Select
        aria-label="Only where this score is low"
        placeholder="Any score"
        w={150}
        clearable
        value={wanted.low || null}
        onChange={(value) => set({ low: value ?? undefined })}
        data={[...new Set([...names, ...(wanted.low ? [wanted.low] : [])])]}
      />
      {wanted.low && (
        <NumberInput
          aria-label="Below"
          prefix="below "
          w={110}
          value={wanted.below}
          onChange={(value) => set({ below: String(value) })}
        />
      )}
      <Select
        aria-label="Order"
        w={150}
        value={wanted.order}
        onChange={(value) => set({ order: value === 'newest' ? 'newest' : undefined })}
        data={[
          { value: 'unreviewed', label: 'Unreviewed first' },
          { value: 'newest', label: 'Newest first' },
        ]}
      />
    </div>
  )
}

function Going(p: { wanted: Wanted; holder: string; queue: ReviewQueue; onAgain: () => void }) {
  const { wanted, holder, queue } = p
  const { scope, search, patch } = useView()
  const client = useQueryClient()
  const may = useMaySay()
  const scores = useQuery(scoresQuery(scope.project))
  const [rows, setRows] = useState(queue.rows)
  const [done, setDone] = useState<ReadonlySet<string>>(new Set())
  const [undoable, setUndoable] = useState<{ key: string; said: Said }[]>([])
  // Where one was led is passed over when somebody else is there; where one went is not.
  const [led, setLed] = useState(!search.item)
  const named = rows.findIndex((row) => keyOf(row) === search.item)
  const [start] = useState(() => nextOpen(queue.rows, -1, new Set()))
  const at = named >= 0 ? named : search.item === 'end' ? -1 : start
  const row = rows[at]

  const go = (to: number, byItself: boolean) => {
    setLed(byItself)
    patch({ item: to < 0 ? 'end' : keyOf(rows[to]!) }, true)
  }
  const step = (by: number) =>
    go(at < 0 ? (by > 0 ? 0 : rows.length - 1) : (at + by + rows.length) % rows.length, false)
  const undo = useMutation({
    mutationFn: ({ said }: { key: string; said: Said }) => say(scope.project, said),
    onSuccess: (_, { key, said }) => {
      setUndoable(undoable.slice(0, -1))
      if (said.withdrawn) setDone(new Set([...done].filter((one) => one !== key)))
      void client.invalidateQueries({ queryKey: ['/evaluations/trace', scope.project] })
      setLed(false)
      patch({ item: key }, true)
    },
  })
  const takeBack = () => {
    const last = undoable.at(-1)
    if (last && !undo.isPending) undo.mutate(last)
  }
  const claimed = useClaim(scope.project, wanted.what, row, holder, may, (by) => {
    const known = rows.map((one) => (one === row ? { ...one, claimed_by: by } : one))
    setRows(known)
    if (led) {
      const next = nextOpen(known, at, done)
      patch({ item: next < 0 ? 'end' : keyOf(known[next]!) }, true)
    }
  })
  useShortcuts('Review', [
    { keys: 'j', label: 'Next', run: () => step(1) },
    { keys: 'k', label: 'Previous', run: () => step(-1) },
    { keys: 'ArrowRight', label: 'Next', run: () => step(1) },
    { keys: 'ArrowLeft', label: 'Previous', run: () => step(-1) },
    { keys: 'u', label: 'Take the last opinion back', run: takeBack },
  ])
  const reviewed = queue.reviewed + rows.filter((one) => !one.reviewers.length && done.has(keyOf(one))).length
  const score = scores.data?.rows.find((one) => one.name === wanted.score)
  return (
    <>
      <div className="rv-progress">
        <progress aria-label="Reviewed" value={reviewed} max={queue.total} />
        <span role="status">
          <b>{count(reviewed)}</b> of {count(queue.total)} reviewed
        </span>
        {row && (
          <span className="quiet">
            {at + 1} of the {counted(rows.length, wanted.what)} here
          </span>
        )}
        <span className="grow" />
        <ExportMenu
          small
          what={wanted.what === 'span' ? 'spans' : 'traces'}
          scope={scope}
          about={`All ${wanted.what === 'span' ? 'spans' : 'traces'} that are reviewed from: of this filter and time`}
        />
        <Button
          variant="default"
          leftSection={<Undo2 size={13} aria-hidden />}
          disabled={undoable.length === 0}
          loading={undo.isPending}
          onClick={takeBack}
        >
          Undo
        </Button>
        <Button variant="default" aria-label="Previous" onClick={() => step(-1)}>
          <ChevronLeft size={14} aria-hidden />
        </Button>
        <Button variant="default" aria-label="Next" onClick={() => step(1)}>
          <ChevronRight size={14} aria-hidden />
        </Button>
      </div>
      {undo.isError && <Failure error={undo.error} />}
      {claimed.error && <Failure error={claimed.error} />}
      {!row ? (
        <Empty
          title="All of these are reviewed or under review"
          actions={
            <Button leftSection={<RefreshCw size={13} aria-hidden />} onClick={p.onAgain}>
              Look for more
            </Button>
          }
        >
          <p>Others are behind the arrows, also those that somebody looks at just now.</p>
        </Empty>
      ) : (
        <>
          {row.claimed_by !== null && (
            <p className="rv-note" role="status">
              <Isolated text={row.claimed_by} /> looks at this just now. You may judge it too.
            </p>
          )}
          <div className="rv-item" key={keyOf(row)}>
            <Item what={wanted.what} row={row} project={scope.project} />
          </div>
          {!may ? (
            <p className="rv-note quiet">Judging takes a key with the ingest scope.</p>
          ) : wanted.score && scores.isPending ? (
            // Until it is known what the score's keys and buttons mean, there are none.
            <SkeletonRows rows={1} label="Loading the score" />
          ) : wanted.score && scores.isError ? (
            <Failure error={scores.error} retry={() => void scores.refetch()} />
          ) : (
            <Judge
              key={`judge ${keyOf(row)}`}
              what={wanted.what}
              row={row}
              project={scope.project}
              name={wanted.score || 'feedback'}
              score={score}
              onJudged={(said) => {
                const now = new Set([...done, keyOf(row)])
                setDone(now)
                setUndoable([...undoable, { key: keyOf(row), said }])
                go(nextOpen(rows, at, now), true)
              }}
            />
          )}
        </>
      )}
    </>
  )
}

/** Says that one looks at it for as long as one does; tells where somebody else was first. */
function useClaim(
  project: string,
  what: What,
  row: ReviewRow | undefined,
  holder: string,
  may: boolean,
  onTaken: (by: string) => void,
): { error: unknown } {
  const [error, setError] = useState<unknown>(null)
  const [taken, setTaken] = useState<{ key: string; by: string } | null>(null)
  const key = row ? keyOf(row) : ''
  useEffect(() => {
    if (!row || !may) return
    const target = targetOf(what, row)
    let here = true
    const claim = () =>
      claimReview(project, target, holder).then(
        (answer) => {
          if (!here) return
          setError(null)
          if (!answer.granted) setTaken({ key, by: answer.reviewer })
        },
        (failed: unknown) => here && setError(failed),
      )
    const release = () => releaseReview(project, target, holder)
    window.addEventListener('pagehide', release)
    void claim()
    const timer = setInterval(() => void claim(), RENEW_MS)
    return () => {
      here = false
      clearInterval(timer)
      window.removeEventListener('pagehide', release)
      release()
    }
    // The row is told by its key: what is learned of it meanwhile is no reason to claim it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [project, what, key, holder, may])
  useEffect(() => {
    if (taken && taken.key === key && row?.claimed_by !== taken.by) onTaken(taken.by)
  }, [taken, key, row, onTaken])
  return { error }
}
