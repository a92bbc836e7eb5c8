import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { datasetsQuery } from '@/api/datasetQueries'
import type { DatasetRow } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { DataTable, type Column } from '@/kit/DataTable'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { DatasetView } from './DatasetView'
import { NewDataset } from './NewDataset'
import './datasets.css'

const COLUMNS: Column<DatasetRow>[] = [
  {
    id: 'name',
    header: 'Dataset',
    width: 160,
    grow: 2,
    render: (r) => (
      <b className="cut">
        <Isolated text={r.name} />
      </b>
    ),
  },
  {
    id: 'description',
    header: 'Description',
    width: 160,
    grow: 3,
    priority: 3,
    render: (r) => <Isolated text={r.description} />,
  },
  { id: 'items', header: 'Items', width: 62, align: 'right', render: (r) => count(r.items) },
  { id: 'versions', header: 'Version', width: 62, align: 'right', priority: 1, render: (r) => r.versions },
  {
    id: 'changed',
    header: 'Changed',
    width: 84,
    align: 'right',
    priority: 2,
    render: (r) => <RelativeTime iso={r.updated_at} />,
  },
  {
    id: 'by',
    header: 'By',
    width: 110,
    priority: 4,
    render: (r) => <Isolated text={r.updated_by} />,
  },
]

export function DatasetsPage() {
  const { search } = useView()
  // Anew for another dataset: what was typed for one is not meant for the next.
  return search.name ? <DatasetView key={search.name} name={search.name} /> : <List />
}

function List() {
  const { scope, patch } = useView()
  const may = useMaySay()
  const list = useQuery(datasetsQuery(scope.project))
  const [making, setMaking] = useState(false)
  return (
    <Page title="Datasets">
      <div className="k-toolbar">
        <span className="quiet grow">Questions with the answers that should come out, in versions.</span>
        {may && (
          <Button
            variant="filled"
            leftSection={<Plus size={13} aria-hidden />}
            onClick={() => setMaking(true)}
          >
            New dataset
          </Button>
        )}
      </div>
      {list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <SkeletonRows label="Loading datasets" />
      ) : list.data.rows.length === 0 ? (
        <div className="k-scroll">
          <Empty title="No datasets yet">
            <p>
              Open a span of a trace and choose “Save to dataset”: its input, its output and what should have
              come out become an item. Or add a file of lines of JSON.
            </p>
            <Snippet
              text={`echo '{"input": "Capital of Peru?", "expected_output": "Lima"}' | tapetum datasets add capitals -`}
              label="making a dataset from a terminal"
            />
            <Snippet
              text={`import tapetum\n\nfor item in tapetum.dataset("capitals"):\n    print(item.input, item.expected_output)`}
              label="reading a dataset in Python"
            />
          </Empty>
        </div>
      ) : (
        <DataTable
          label="Datasets"
          columns={COLUMNS}
          rows={list.data.rows}
          rowKey={(row) => row.name}
          onSelect={(row) => patch({ name: row.name })}
        />
      )}
      {making && <NewDataset onClose={() => setMaking(false)} />}
    </Page>
  )
}
