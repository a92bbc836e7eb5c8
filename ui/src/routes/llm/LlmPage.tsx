import { useQuery } from '@tanstack/react-query'
import { llmQuery } from '@/api/llmQueries'
import { NothingFound } from '@/kit/NothingFound'
import { FilterBar } from '@/kit/FilterBar'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { LLM_SENDERS, SetUp } from '@/kit/SetUp'
import { unanswered } from '@/kit/states'
import { useView } from '@/kit/view'
import { SPAN_KEYS } from '../traces/columns'
import { Groups } from './Groups'
import { LlmCharts } from './LlmCharts'
import { Flagged, Numbers } from './Numbers'
import { Tools } from './Tools'
import './llm.css'

const LIVE_MS = 10_000

/** What the calls of models cost, used and took: over time, beside the period before, and by whom. */
export function LlmPage() {
  const { scope, live, setQ } = useView()
  const every = live ? LIVE_MS : false
  const query = useQuery({ ...llmQuery(scope), refetchInterval: every })
  return (
    <Page title="LLM">
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="spans"
            keys={SPAN_KEYS}
            placeholder="Filter: model:gpt* user_id:alice agent:planner service:web, or words"
            onChange={setQ}
          />
        }
      >
        {unanswered(query, 20, 'Loading the calls') ??
          (query.data!.now.total.calls === 0 ? (
            <NoCalls />
          ) : (
            <div className="k-scroll lm-page" tabIndex={0} role="region" aria-label="LLM calls">
              <Numbers data={query.data!} />
              <Flagged calls={query.data!.now.total.flagged} />
              <LlmCharts data={query.data!} />
              <Outside signal="spans" scope={scope} />
              <Groups live={every} />
              <Tools live={every} />
            </div>
          ))}
      </Explorer>
    </Page>
  )
}

function NoCalls() {
  const { scope } = useView()
  return (
    <NothingFound what="calls of models" filtered={!!scope.q}>
      <p>
        Any instrumentation with OpenTelemetry’s GenAI or OpenInference’s conventions fills this page, with no
        change to the code.
      </p>
      <SetUp project={scope.project} kinds={LLM_SENDERS} />
    </NothingFound>
  )
}
