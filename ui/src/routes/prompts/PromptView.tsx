import { Button, Select, UnstyledButton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { summaryQuery } from '@/api/evaluationQueries'
import { deletePrompt, promptDiffQuery, promptQuery, promptUsageQuery } from '@/api/promptQueries'
import type { PromptRow, PromptVersion } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printTerm } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { Failure, SkeletonRows, Snippet } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { LabelMenu } from './LabelMenu'
import { NewVersionModal } from './NewVersionModal'
import { DiffText, PromptText } from './PromptText'
import { FETCH } from './usage'
import { UsageTable } from './UsageTable'

/** One prompt: its versions, the text or difference of the chosen one, and how each did. */
export function PromptView({ name }: { name: string }) {
  const { scope, search } = useView()
  const query = useQuery(promptQuery(scope.project, name))
  const usage = useQuery(promptUsageQuery(scope, name))
  const said = useQuery(summaryQuery({ ...scope, q: '' }, 'prompt'))
  const unknown = query.error instanceof ApiError && query.error.status === 404
  const back = (
    <Link
      to="/prompts"
      search={{ ...travelling(search), name: undefined, version: undefined, against: undefined } as never}
    >
      <ChevronLeft size={13} aria-hidden /> Prompts
    </Link>
  )
  const heading = (
    <h1>
      <Isolated text={name} />
    </h1>
  )
  const used = usage.isError ? (
    <Failure error={usage.error} retry={() => void usage.refetch()} />
  ) : usage.isPending ? (
    <SkeletonRows rows={3} label="Loading usage" />
  ) : (
    <>
      <UsageTable name={name} rows={usage.data.rows} said={said.data?.rows} />
      {said.isError && <Failure error={said.error} retry={() => void said.refetch()} />}
      {said.data?.truncated && (
        <p className="quiet">
          Prompts with few evaluations are left out of the column Evaluations: too many.
        </p>
      )}
    </>
  )
  if (query.isSuccess) {
    return (
      <Page title={name} heading={null}>
        <Known
          prompt={query.data.prompt}
          versions={query.data.rows}
          back={back}
          heading={heading}
          used={used}
        />
      </Page>
    )
  }
  return (
    <Page title={name} heading={null}>
      <div className="pr-head">
        {back}
        {heading}
      </div>
      {query.isPending ? (
        <SkeletonRows label="Loading the prompt" />
      ) : unknown ? (
        <div className="pr-main">
          <p className="pr-facts">
            Spans name this prompt; the registry does not have it. Keep its text here, under the same name, to
            see versions and differences beside these numbers.
          </p>
          {used}
        </div>
      ) : (
        <Failure error={query.error} retry={() => void query.refetch()} />
      )}
    </Page>
  )
}

function Known(props: {
  prompt: PromptRow
  versions: PromptVersion[]
  back: React.ReactNode
  heading: React.ReactNode
  used: React.ReactNode
}) {
  const { prompt, versions } = props
  const { scope, search, patch } = useView()
  const admin = useAdmin()
  const [making, setMaking] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deletePrompt(scope.project, prompt.name),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/prompts'] })
      patch({ name: undefined, version: undefined, against: undefined })
    },
  })
  const shown = versions.find((v) => String(v.version) === search.version) ?? versions[0]!
  const against = versions.find((v) => String(v.version) === search.against && v !== shown)
  const diff = useQuery({
    ...promptDiffQuery(scope.project, prompt.name, against?.version ?? 1, shown.version),
    enabled: !!against,
  })
  const others = versions
    .filter((v) => v !== shown)
    .map((v) => ({ value: String(v.version), label: `Version ${v.version}` }))
  return (
    <>
      <div className="pr-head">
        {props.back}
        {props.heading}
        <span className="quiet grow cut">{prompt.description}</span>
        <ExportMenu
          what="spans"
          scope={{ ...scope, q: printTerm(is('prompt_name', prompt.name)) }}
          about="Every span that names this prompt in this time"
        />
        {admin && (
          <>
            <Button
              variant="filled"
              leftSection={<Plus size={13} aria-hidden />}
              onClick={() => setMaking(true)}
            >
              New version
            </Button>
            {deleting ? (
              <>
                <Button
                  className="k-danger"
                  variant="default"
                  loading={remove.isPending}
                  onClick={() => remove.mutate()}
                >
                  Delete all {prompt.versions} versions
                </Button>
                <Button variant="default" onClick={() => setDeleting(false)}>
                  Keep
                </Button>
              </>
            ) : (
              <Button
                variant="default"
                leftSection={<Trash2 size={13} aria-hidden />}
                onClick={() => setDeleting(true)}
              >
                Delete
              </Button>
            )}
          </>
        )}
      </div>
      {remove.isError && <Failure error={remove.error} />}
      <div className="pr-body">
        <ul className="pr-versions" aria-label="Versions">
          {versions.map((version) => (
            <li key={version.version}>
              <UnstyledButton
                aria-current={version === shown}
                onClick={() => patch({ version: String(version.version), against: undefined })}
              >
                <span className="row" style={{ gap: 8 }}>
                  <b>Version {version.version}</b>
                  <span className="pr-labels">
                    {version.labels.map((label) => (
                      <span key={label} className="pr-label">
                        {label}
                      </span>
                    ))}
                  </span>
                </span>
                {version.message && (
                  <p className="cut" title={version.message}>
                    {version.message}
                  </p>
                )}
                <p className="quiet cut">
                  <RelativeTime iso={version.created_at} /> by {version.created_by}
                </p>
              </UnstyledButton>
            </li>
          ))}
        </ul>
        <div className="pr-main">
          <div className="pr-actions">
            <b>Version {shown.version}</b>
            {others.length > 0 && (
              <Select
                aria-label="Compare with"
                placeholder="Compare with…"
                clearable
                w={160}
                value={against ? String(against.version) : null}
                data={others}
                onChange={(value) => patch({ version: String(shown.version), against: value ?? undefined })}
              />
            )}
            {admin && <LabelMenu prompt={prompt} version={shown.version} />}
          </div>
          {!against ? (
            <PromptText version={shown} />
          ) : diff.isError ? (
            <Failure error={diff.error} retry={() => void diff.refetch()} />
          ) : diff.isPending ? (
            <SkeletonRows rows={6} label="Comparing" />
          ) : (
            <DiffText diff={diff.data} />
          )}
          <h2>In this time, by version</h2>
          {props.used}
          <h2>Use it</h2>
          <Snippet text={FETCH(prompt.name, shown)} label="fetching this prompt in Python" />
        </div>
      </div>
      {making && <NewVersionModal from={versions[0]!} onClose={() => setMaking(false)} />}
    </>
  )
}
