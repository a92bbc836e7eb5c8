import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { scoresQuery, summaryQuery } from '@/api/evaluationQueries'
import { infoQuery } from '@/api/queries'
import { NothingFound } from '@/kit/NothingFound'
import { useAdmin } from '@/kit/admin'
import { FilterBar } from '@/kit/FilterBar'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { Failure, SkeletonRows, Snippet } from '@/kit/states'
import { useView } from '@/kit/view'
import { listed } from './meaning'
import { Rows } from './Rows'
import { ScoreDetail } from './ScoreDetail'
import { ScoreModal } from './ScoreModal'
import { ScoresTable } from './ScoresTable'
import './evaluations.css'

const LIVE_MS = 10_000
export const EVALUATION_KEYS = [
  'name', 'score', 'label', 'source', 'evaluator', 'target_type', 'target_id', 'trace_id', 'span_id', 'response_id',
  'slice', 'threshold', 'found_in', 'problem', 'comment', 'explanation', 'expected_output',
] // prettier-ignore

/** What code, judges, reviewers and users say of answers: by score, and row by row. */
export function EvaluationsPage() {
  const { search, scope, setQ, patch } = useView()
  const rows = search.view === 'rows'
  const filter = (
    <FilterBar
      scope={scope}
      signal="evaluations"
      keys={EVALUATION_KEYS}
      placeholder="Filter: name:correctness source:llm score:<0.5, or words"
      onChange={setQ}
    />
  )
  const tabs = (
    <SegmentedControl
      aria-label="Show"
      value={rows ? 'rows' : 'scores'}
      onChange={(value) =>
        patch({
          view: value === 'rows' ? 'rows' : undefined,
          sort: undefined,
          sel: undefined,
          span_key: undefined,
          span_value: undefined,
        })
      }
      data={[
        { value: 'scores', label: 'Scores' },
        { value: 'rows', label: 'Evaluations' },
      ]}
    />
  )
  return (
    <Page title="Evaluations">
      {rows ? (
        <Rows filter={filter} tabs={tabs} />
      ) : (
        <Explorer filter={filter}>
          <div className="k-toolbar">
            {tabs}
            <DefineButton />
          </div>
          <Scores />
        </Explorer>
      )}
    </Page>
  )
}

function DefineButton() {
  const admin = useAdmin()
  const [open, setOpen] = useState(false)
  return (
    <>
      <span className="grow" />
      {admin && (
        <Button leftSection={<Plus size={13} aria-hidden />} onClick={() => setOpen(true)}>
          Define a score
        </Button>
      )}
      {open && <ScoreModal onClose={() => setOpen(false)} />}
    </>
  )
}

function Scores() {
  const { scope, search, live, patch } = useView()
  const every = live ? LIVE_MS : false
  const summary = useQuery({ ...summaryQuery(scope), refetchInterval: every })
  const definitions = useQuery(scoresQuery(scope.project))
  const names = useMemo(
    () => listed(summary.data?.rows ?? [], scope.q ? [] : (definitions.data?.rows ?? [])),
    [summary.data, definitions.data, scope.q],
  )
  const withMeaning = useMemo(
    () =>
      names.map((one) => ({
        ...one,
        definition: one.definition ?? definitions.data?.rows.find((d) => d.name === one.name) ?? null,
      })),
    [names, definitions.data],
  )
  if (summary.isPending || definitions.isPending) return <SkeletonRows rows={20} label="Loading scores" />
  const failed = [summary, definitions].find((query) => query.isError && !query.data)
  if (failed) return <Failure error={failed.error!} retry={() => void failed.refetch()} />
  if (withMeaning.length === 0) return <Nothing />
  const chosen = withMeaning.find((one) => one.name === search.score) ?? withMeaning[0]!
  return (
    <div className="k-scroll ev-page" tabIndex={0} role="region" aria-label="Scores">
      <Outside signal="evaluations" scope={scope} />
      <ScoresTable
        rows={withMeaning}
        chosen={chosen.name}
        live={every}
        onChoose={(name) => patch({ score: name }, true)}
      />
      {summary.data?.truncated && <p className="quiet">More names than are shown: narrow the filter.</p>}
      <ScoreDetail key={chosen.name} of={chosen} live={every} />
    </div>
  )
}

export function Nothing() {
  const { scope } = useView()
  const info = useQuery(infoQuery)
  const header = scope.project === 'default' ? '' : ` -H 'x-tapetum-project: ${scope.project}'`
  const url = info.data?.otlp_http ?? location.origin
  return (
    <div className="k-scroll">
      <NothingFound what="evaluations" filtered={!!scope.q}>
        <p>
          Scores of checks and judges, reviews and thumbs come here: those in telemetry
          (gen_ai.evaluation.result, OpenInference, Logfire, MLflow) by themselves, your own from Python
        </p>
        <Snippet
          label="in Python"
          text={`import tapetum\n\ntapetum.evaluation("grounded", score=0.9, threshold=0.7)  # of the current span\ntapetum.feedback("down", comment="out of date")`}
        />
        <p>or from anywhere:</p>
        <Snippet
          label="with curl"
          text={`curl ${url}/v1/evaluations -H 'content-type: application/json'${header} -d '{"name": "grounded", "score": 0.9, "trace_id": "0af7651916cd43dd8448eb211c80319c"}'`}
        />
      </NothingFound>
    </div>
  )
}
