import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  inferSchema,
  ownerOf,
  schemaDiffQuery,
  schemaQuery,
  schemaVersionsQuery,
  type Owner,
  type Subject,
} from '@/api/qualityQueries'
import type { DataSchemaRow } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { CopyButton } from '@/kit/Copy'
import { counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Empty, Failure, SkeletonRows, Snippet, unanswered } from '@/kit/states'
import { useVersions, VersionBar, VersionList } from '@/kit/versions'
import { useView } from '@/kit/view'
import { shellWord } from './subject'

/** The schema in force, its versions, and what one has otherwise than another. */
export function SchemaView({ subject }: { subject: Subject }) {
  const owner = ownerOf(subject)
  const query = useQuery(schemaVersionsQuery(subject.project, owner))
  return unanswered(query, 12, 'Loading the schema') ?? <Known owner={owner} versions={query.data!.rows} />
}

function Known({ owner, versions }: { owner: Owner; versions: DataSchemaRow[] }) {
  const { shown, against, choose } = useVersions(versions)
  return (
    <div className="vs-body">
      <VersionList
        versions={versions}
        shown={shown}
        onChoose={(version) => choose(version)}
        beside={(version) => (
          <span className="quiet">
            {version === versions[0] && 'in force, '}
            {counted(version.features, 'feature')}
          </span>
        )}
      />
      <div className="dq-main">
        <VersionBar
          versions={versions}
          shown={shown}
          against={against}
          onCompare={(other) => choose(shown, other)}
        />
        {against ? (
          <Difference owner={owner} before={against.version} after={shown.version} />
        ) : (
          <Text owner={owner} version={shown.version} />
        )}
      </div>
    </div>
  )
}

function Text({ owner, version }: { owner: Owner; version: number }) {
  const { scope } = useView()
  const query = useQuery(schemaQuery(scope.project, owner, version))
  return (
    unanswered(query, 16, 'Loading the text') ?? (
      <div className="k-snippet dq-text">
        <pre tabIndex={0} aria-label="schema.pbtxt">
          {query.data!.text || 'This version is empty: it expects nothing.'}
        </pre>
        <CopyButton text={query.data!.text} label="Copy schema.pbtxt" />
      </div>
    )
  )
}

function Difference({ owner, before, after }: { owner: Owner; before: number; after: number }) {
  const { scope } = useView()
  const query = useQuery(schemaDiffQuery(scope.project, owner, before, after))
  if (query.isPending) return <SkeletonRows rows={6} label="Comparing" />
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  const { changes } = query.data
  if (!changes.length) return <Empty title="Both versions say the same" />
  return (
    <div className="k-scroll dq-diff" tabIndex={0} role="region" aria-label="What differs">
      <p>
        Version {before} → {after}: {counted(changes.length, 'change')}
      </p>
      {changes.map((change) => (
        <section key={`${change.what} ${change.name}`}>
          <h2>
            {change.what.replace('_', ' ')} <Isolated text={change.name} />{' '}
            <span className={`dq-${change.change}`}>{change.change}</span>
          </h2>
          <dl>
            {change.fields.map((field) => (
              <div key={field.field}>
                <dt>{field.field}</dt>
                <dd>
                  {field.before !== null && (
                    <del>
                      <Isolated text={field.before} />
                    </del>
                  )}{' '}
                  {field.after !== null && (
                    <ins>
                      <Isolated text={field.after} />
                    </ins>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}

/** Where nothing says what the data should be like: one click, or the command. */
export function NoSchema({ subject }: { subject: Subject }) {
  const admin = useAdmin()
  const client = useQueryClient()
  const infer = useMutation({
    mutationFn: () => inferSchema(subject),
    onSuccess: () => client.invalidateQueries({ queryKey: ['/data-schemas', subject.project] }),
  })
  const { kind, name } = ownerOf(subject)
  const into = subject.project === 'default' ? '' : ` --project ${shellWord(subject.project)}`
  const told = kind === 'dataset' ? ' --dataset' : ''
  return (
    <div className="k-scroll">
      <Empty title="No schema yet: nothing says what these data should be like">
        <p>
          A schema says which features are expected, their types, how often they may be missing, and which
          values they may have. What differs from it is then told here by name.
        </p>
        {admin ? (
          <p>
            <Button variant="filled" loading={infer.isPending} onClick={() => infer.mutate()}>
              Infer one from these statistics
            </Button>
          </p>
        ) : (
          <p className="quiet">
            To make one here takes a key with the <span className="mono">admin</span> scope.
          </p>
        )}
        {infer.isError && <Failure error={infer.error} />}
        <p>Or from a file, with bounds and environments added by hand:</p>
        <Snippet
          label="making a schema"
          text={`tapetum schema infer train.parquet -o schema.pbtxt\ntapetum schema push ${shellWord(name)} schema.pbtxt${told}${into}`}
        />
      </Empty>
    </div>
  )
}
