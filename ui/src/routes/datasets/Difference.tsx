import { useQuery } from '@tanstack/react-query'
import { datasetDiffQuery } from '@/api/datasetQueries'
import { DiffLines } from '@/kit/Diff'
import { counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'

const LABELS: Record<string, string> = {
  input: 'Input',
  expected_output: 'Expected output',
  output: 'Output',
  metadata: 'Metadata',
}

/** What one version of a dataset has otherwise than another. */
export function Difference({ name, before, after }: { name: string; before: number; after: number }) {
  const { scope } = useView()
  const diff = useQuery(datasetDiffQuery(scope.project, name, before, after))
  if (diff.isPending) return <SkeletonRows rows={6} label="Comparing" />
  if (diff.isError) return <Failure error={diff.error} retry={() => void diff.refetch()} />
  const { added, changed, removed, items, truncated } = diff.data
  return (
    <div className="ds-scroll">
      <p>
        Version {before} → {after}: <b>{added}</b> added, <b>{changed}</b> changed, <b>{removed}</b> removed
        {truncated && `; the first ${counted(items.length, 'item')} are shown`}
      </p>
      {items.length === 0 && <Empty title="Both versions have the same items" />}
      {items.map((item) => (
        <section key={item.id} aria-label={`Item ${item.id}, ${item.op}`}>
          <h2>
            <Isolated text={item.id} /> {item.op}
          </h2>
          {item.fields.map((field) => (
            <div key={field.field}>
              <span className="quiet">{LABELS[field.field] ?? field.field}</span>
              <DiffLines lines={field.lines} label={`${LABELS[field.field] ?? field.field}, line by line`} />
            </div>
          ))}
        </section>
      ))}
    </div>
  )
}
