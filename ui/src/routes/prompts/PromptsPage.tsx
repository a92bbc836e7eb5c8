import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { promptsQuery, promptUsageQuery } from '@/api/promptQueries'
import { useAdmin } from '@/kit/admin'
import { DataTable, type Column } from '@/kit/DataTable'
import { downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { compact, count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { Cost, Duration, RelativeTime, Tokens } from '@/kit/values'
import { useView } from '@/kit/view'
import { Labels } from './Labels'
import { NewVersionModal } from './NewVersionModal'
import { PromptView } from './PromptView'
import { csvOf, FETCH, listed, type ListedPrompt } from './usage'
import './prompts.css'

const NONE = <span className="quiet">–</span>

const COLUMNS: Column<ListedPrompt>[] = [
  {
    id: 'name',
    header: 'Prompt',
    width: 170,
    grow: 3,
    render: (r) => (
      <span className="row" style={{ gap: 8 }}>
        <b className="cut">
          <Isolated text={r.name} />
        </b>
        {!r.row && <span className="quiet pr-note">not in the registry</span>}
      </span>
    ),
  },
  {
    id: 'labels',
    header: 'Labels',
    width: 150,
    grow: 1,
    priority: 3,
    render: (r) => (r.row ? <Labels of={r.row.labels} /> : NONE),
  },
  {
    id: 'versions',
    header: 'Versions',
    width: 62,
    align: 'right',
    priority: 2,
    render: (r) =>
      r.row ? r.row.versions : <span title="that spans name">{r.used.filter(Boolean).length}</span>,
  },
  {
    id: 'calls',
    header: 'Calls',
    width: 58,
    align: 'right',
    render: (r) =>
      r.calls ? <span title={`${count(r.calls)} calls in this time`}>{compact(r.calls)}</span> : NONE,
  },
  {
    id: 'errors',
    header: 'Errors',
    width: 58,
    align: 'right',
    priority: 1,
    render: (r) => (r.calls ? `${((100 * r.errors) / r.calls).toFixed(r.errors ? 1 : 0)} %` : NONE),
  },
  {
    id: 'p95',
    header: 'p95',
    width: 72,
    align: 'right',
    priority: 4,
    render: (r) => (r.p95_ms === null ? NONE : <Duration ms={r.p95_ms} />),
  },
  {
    id: 'tokens',
    header: 'Tokens',
    width: 110,
    align: 'right',
    priority: 6,
    render: (r) => <Tokens input={r.input_tokens} output={r.output_tokens} />,
  },
  {
    id: 'cost',
    header: 'Cost',
    width: 70,
    align: 'right',
    priority: 5,
    render: (r) => <Cost value={r.cost_usd} />,
  },
  {
    id: 'seen',
    header: 'Last used',
    width: 84,
    align: 'right',
    priority: 7,
    render: (r) => (r.last_seen ? <RelativeTime iso={r.last_seen} /> : NONE),
  },
  {
    id: 'changed',
    header: 'Changed',
    width: 84,
    align: 'right',
    priority: 8,
    render: (r) => (r.row ? <RelativeTime iso={r.row.updated_at} /> : NONE),
  },
]

export function PromptsPage() {
  const { search } = useView()
  return search.name ? <PromptView name={search.name} /> : <List />
}

function List() {
  const { scope, patch } = useView()
  const admin = useAdmin()
  const registry = useQuery(promptsQuery(scope.project))
  const usage = useQuery(promptUsageQuery(scope))
  const [making, setMaking] = useState(false)
  const rows = useMemo(
    () => listed(registry.data?.rows ?? [], usage.data?.rows ?? []),
    [registry.data, usage.data],
  )
  const failed = registry.isError ? registry : usage.isError ? usage : null
  return (
    <Page title="Prompts">
      <div className="k-toolbar">
        <span className="quiet grow">
          Versions and labels of this project’s prompts, with what spans say of them in this time.
        </span>
        {rows.length > 0 && (
          <ExportMenu
            what="spans"
            scope={{ ...scope, q: 'prompt_name:*' }}
            about="Every span that names a prompt in this time"
            shown={{
              label: 'CSV of the versions in this time',
              save: () => downloadText('prompts.csv', 'text/csv', csvOf(usage.data?.rows ?? [])),
            }}
          />
        )}
        {admin && (
          <Button
            variant="filled"
            leftSection={<Plus size={13} aria-hidden />}
            onClick={() => setMaking(true)}
          >
            New prompt
          </Button>
        )}
      </div>
      {failed ? (
        <Failure error={failed.error} retry={() => void failed.refetch()} />
      ) : registry.isPending || usage.isPending ? (
        <SkeletonRows label="Loading prompts" />
      ) : rows.length === 0 ? (
        <div className="k-scroll">
          <Empty title="No prompts yet">
            <p>
              Keep a prompt here and fetch it in your application: its version is then named on every call
              made with it, and calls, errors, tokens and cost are counted by version. Prompts that spans name
              (gen_ai.prompt.name and its like) show up by themselves.
            </p>
            <Snippet text={FETCH('greeting')} label="fetching a prompt in Python" />
            <Snippet
              text={'echo "Hello {{name}}." | tapetum prompts push greeting - --label production'}
              label="keeping a prompt from a terminal"
            />
          </Empty>
        </div>
      ) : (
        <DataTable
          label="Prompts"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.name}
          onSelect={(row) => patch({ name: row.name })}
          tone={(row) => (row.errors > row.calls / 100 ? 'error' : '')}
        />
      )}
      {making && <NewVersionModal onClose={() => setMaking(false)} />}
    </Page>
  )
}
