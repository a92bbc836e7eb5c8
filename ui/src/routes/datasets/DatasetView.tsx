import { Button } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Plus } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { datasetItemsQuery, datasetQuery, deleteDataset } from '@/api/datasetQueries'
import type { DatasetItem, DatasetRow, DatasetVersion } from '@/api/types'
import { useAdmin, useMaySay } from '@/kit/admin'
import { DataTable, type Column } from '@/kit/DataTable'
import { counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { DeleteVersions, useVersions, VersionBar, VersionList } from '@/kit/versions'
import { travelling, useView } from '@/kit/view'
import { Difference } from './Difference'
import { ExportDataset } from './ExportDataset'
import { ItemDrawer } from './ItemDrawer'
import { ItemForm } from './ItemForm'
import { oneLine } from './itemValue'

const AWAY = { name: undefined, version: undefined, against: undefined, item: undefined }
const said = (value: unknown) => (
  <span className="cut">
    <Isolated text={oneLine(value)} />
  </span>
)

const COLUMNS: Column<DatasetItem>[] = [
  { id: 'input', header: 'Input', width: 150, grow: 3, render: (r) => said(r.input) },
  {
    id: 'expected',
    header: 'Expected output',
    width: 120,
    grow: 2,
    render: (r) => (r.expected_output === null ? <span className="quiet">–</span> : said(r.expected_output)),
  },
  { id: 'output', header: 'Output', width: 110, grow: 2, priority: 3, render: (r) => said(r.output) },
  {
    id: 'since',
    header: 'Since',
    width: 54,
    align: 'right',
    priority: 2,
    render: (r) => <span title={`as of version ${r.since_version}`}>v{r.since_version}</span>,
  },
  {
    id: 'source',
    header: 'From',
    width: 70,
    priority: 4,
    render: (r) =>
      r.source.span_id ? 'span' : r.source.trace_id ? 'trace' : r.source.prediction_id ? 'prediction' : '',
  },
]

/** One dataset: its versions, the items of the chosen one, or what it has otherwise than another. */
export function DatasetView({ name }: { name: string }) {
  const { scope, search } = useView()
  const query = useQuery(datasetQuery(scope.project, name))
  return (
    <Page title={name} heading={null}>
      <div className="vs-head">
        <Link to="/datasets" search={{ ...travelling(search), ...AWAY } as never}>
          <ChevronLeft size={13} aria-hidden /> Datasets
        </Link>
        <h1>
          <Isolated text={name} />
        </h1>
        {query.isSuccess && <Actions dataset={query.data.dataset} />}
      </div>
      {query.isPending ? (
        <SkeletonRows label="Loading the dataset" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Known name={name} versions={query.data.rows} />
      )}
    </Page>
  )
}

function Actions({ dataset }: { dataset: DatasetRow }) {
  const { scope, patch } = useView()
  const [admin, may] = [useAdmin(), useMaySay()]
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const remove = useMutation({
    mutationFn: () => deleteDataset(scope.project, dataset.name),
    onSuccess: () => {
      patch(AWAY)
      void client.invalidateQueries({ queryKey: ['/datasets', scope.project], exact: true })
    },
  })
  return (
    <>
      <span className="quiet grow cut">
        <Isolated text={dataset.description} />
      </span>
      {may && (
        <Button variant="filled" leftSection={<Plus size={13} aria-hidden />} onClick={() => setMaking(true)}>
          New item
        </Button>
      )}
      {admin && (
        <DeleteVersions
          count={dataset.versions}
          pending={remove.isPending}
          onDelete={() => remove.mutate()}
        />
      )}
      {remove.isError && <Failure error={remove.error} />}
      {making && <ItemForm name={dataset.name} version={dataset.versions} onClose={() => setMaking(false)} />}
    </>
  )
}

function Known({ name, versions }: { name: string; versions: DatasetVersion[] }) {
  const { scope } = useView()
  const { shown, against, choose } = useVersions(versions)
  return (
    <div className="vs-body">
      <VersionList
        versions={versions}
        shown={shown}
        onChoose={(version) => choose(version)}
        beside={(version) => <span className="quiet">{counted(version.items, 'item')}</span>}
        said={(version) => <p className="quiet">{whatChanged(version)}</p>}
      />
      <div className="ds-main">
        <VersionBar
          versions={versions}
          shown={shown}
          against={against}
          onCompare={(other) => choose(shown, other)}
        >
          <span className="grow" />
          <ExportDataset project={scope.project} name={name} version={shown.version} />
        </VersionBar>
        {against ? (
          <Difference name={name} before={against.version} after={shown.version} />
        ) : (
          <Items key={shown.version} name={name} version={shown} newest={shown === versions[0]} />
        )}
      </div>
    </div>
  )
}

const whatChanged = ({ added, changed, removed }: DatasetVersion): string =>
  [
    [added, 'added'],
    [changed, 'changed'],
    [removed, 'removed'],
  ]
    .filter(([n]) => n)
    .map(([n, what]) => `${n} ${what}`)
    .join(', ') || 'empty'

function Items({ name, version, newest }: { name: string; version: DatasetVersion; newest: boolean }) {
  const { scope, search, patch } = useView()
  const list = useInfiniteQuery(datasetItemsQuery(scope.project, name, version.version))
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.rows) ?? [], [list.data])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  if (list.isPending) return <SkeletonRows label="Loading items" />
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />
  if (rows.length === 0)
    return (
      <Empty title="This version has no items">
        <p>
          Add one above, save spans here from their traces, or add a file:{' '}
          <span className="mono">tapetum datasets add {name} FILE.jsonl</span>
        </p>
      </Empty>
    )
  return (
    <div className="k-body">
      <div className="k-rows">
        <DataTable
          label="Items"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.id}
          selected={search.item}
          onSelect={(row) => patch({ item: row.id }, true)}
          onEnd={more}
        />
      </div>
      {search.item && (
        <ItemDrawer
          key={search.item}
          name={name}
          version={version.version}
          newest={newest}
          id={search.item}
        />
      )}
    </div>
  )
}
