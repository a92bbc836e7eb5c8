import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { changeDataset, datasetItemQuery } from '@/api/datasetQueries'
import type { DatasetItem } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { CopyButton, CopyId } from '@/kit/Copy'
import { Drawer } from '@/kit/Drawer'
import { balanced, Isolated } from '@/kit/Isolated'
import { Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { ItemForm } from './ItemForm'
import { typed } from './itemValue'

export function ItemDrawer(p: { name: string; version: number; newest: boolean; id: string }) {
  const { scope, patch } = useView()
  const item = useQuery(datasetItemQuery(scope.project, p.name, p.version, p.id))
  return (
    <Drawer label="Item" title="Item" onClose={() => patch({ item: undefined }, true)}>
      <div className="k-scroll">
        {item.isPending ? (
          <SkeletonRows rows={8} label="Loading the item" />
        ) : item.isError ? (
          <Failure error={item.error} retry={() => void item.refetch()} />
        ) : (
          <Item {...p} item={item.data} />
        )}
      </div>
    </Drawer>
  )
}

function Item(p: { name: string; version: number; newest: boolean; item: DatasetItem }) {
  const { item } = p
  const { scope, search, patch } = useView()
  const may = useMaySay()
  const client = useQueryClient()
  const [editing, setEditing] = useState(false)
  const remove = useMutation({
    mutationFn: () =>
      changeDataset(scope.project, { name: p.name, remove: [item.id], seen_version: p.version }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/datasets'] })
      patch({ item: undefined, version: undefined, against: undefined })
    },
  })
  const values = [
    ['Input', item.input],
    ['Expected output', item.expected_output],
    ['Output', item.output],
    ['Metadata', item.metadata],
  ] as const
  return (
    <div className="ds-item">
      <div className="row">
        <CopyId id={item.id} label="item id" />
        {item.source.trace_id && (
          <Link
            to="/traces/$traceId"
            params={{ traceId: item.source.trace_id }}
            search={{ ...travelling(search), span: item.source.span_id || undefined }}
          >
            Open {item.source.span_id ? 'the span' : 'the trace'} it came from
          </Link>
        )}
        {item.source.prediction_id && <Prediction item={item} />}
      </div>
      <p className="quiet">
        As of version {item.since_version}, <RelativeTime iso={item.created_at} /> by{' '}
        <Isolated text={item.created_by} />
      </p>
      {may && p.newest && (
        <div className="row">
          <Button
            variant="default"
            leftSection={<Pencil size={13} aria-hidden />}
            onClick={() => setEditing(true)}
          >
            Change
          </Button>
          <Button
            variant="default"
            leftSection={<Trash2 size={13} aria-hidden />}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            Remove
          </Button>
          <span className="quiet">Either is the next version; this one stays.</span>
        </div>
      )}
      {remove.isError && <Failure error={remove.error} />}
      {values.map(
        ([label, value]) =>
          value !== null &&
          value !== undefined && (
            <section key={label} aria-label={label}>
              <h3 className="row">
                <span className="grow">{label}</span>
                <CopyButton text={typed(value).text} label={`Copy ${label.toLowerCase()}`} />
              </h3>
              <pre tabIndex={0} aria-label={label}>
                {balanced(typed(value).text)}
              </pre>
            </section>
          ),
      )}
      {editing && (
        <ItemForm name={p.name} version={p.version} item={item} onClose={() => setEditing(false)} />
      )}
    </div>
  )
}

/** The prediction that it came from, among those of its model; what is added from a file may not say of which model. */
function Prediction({ item }: { item: DatasetItem }) {
  const { search } = useView()
  const id = item.source.prediction_id ?? ''
  const model = item.metadata?.model
  if (typeof model !== 'string')
    return (
      <span>
        prediction <Isolated text={id} />
      </span>
    )
  return (
    <Link
      to="/models/one"
      search={{ ...travelling(search), from: 'all', to: 'now', name: model, view: 'predictions', sel: id }}
    >
      Open the prediction it came from
    </Link>
  )
}
