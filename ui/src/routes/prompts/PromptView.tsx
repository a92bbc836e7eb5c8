import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Plus } from 'lucide-react'
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
import { DeleteVersions, useVersions, VersionBar, VersionList } from '@/kit/versions'
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
      <div className="vs-head">
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
  const { scope, patch } = useView()
  const admin = useAdmin()
  const [making, setMaking] = useState(false)
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deletePrompt(scope.project, prompt.name),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/prompts'] })
      patch({ name: undefined, version: undefined, against: undefined })
    },
  })
  const { shown, against, choose } = useVersions(versions)
  const diff = useQuery({
    ...promptDiffQuery(scope.project, prompt.name, against?.version ?? 1, shown.version),
    enabled: !!against,
  })
  return (
    <>
      <div className="vs-head">
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
            <DeleteVersions
              count={prompt.versions}
              pending={remove.isPending}
              onDelete={() => remove.mutate()}
            />
          </>
        )}
      </div>
      {remove.isError && <Failure error={remove.error} />}
      <div className="vs-body pr-body">
        <VersionList
          versions={versions}
          shown={shown}
          onChoose={(version) => choose(version)}
          beside={(version) => (
            <span className="pr-labels">
              {version.labels.map((label) => (
                <span key={label} className="pr-label">
                  {label}
                </span>
              ))}
            </span>
          )}
        />
        <div className="pr-main">
          <VersionBar
            versions={versions}
            shown={shown}
            against={against}
            onCompare={(other) => choose(shown, other)}
          >
            {admin && <LabelMenu prompt={prompt} version={shown.version} />}
          </VersionBar>
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
