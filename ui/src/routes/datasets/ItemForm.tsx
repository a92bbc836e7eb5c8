import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeDataset, type NewDatasetVersion } from '@/api/datasetQueries'
import type { DatasetItem } from '@/api/types'
import { Failure } from '@/kit/states'
import { useView } from '@/kit/view'
import { read, same, typed, type Typed } from './itemValue'
import { ValueField } from './ValueField'

const FIELDS = [
  ['input', 'Input'],
  ['expected_output', 'Expected output'],
  ['output', 'Output'],
  ['metadata', 'Metadata'],
] as const
type Field = (typeof FIELDS)[number][0]

/** A new item, or another form of one that is there; either is the dataset's next version. */
export function ItemForm(p: { name: string; version: number; item?: DatasetItem; onClose: () => void }) {
  const { scope, patch } = useView()
  const client = useQueryClient()
  const before = (field: Field): Typed =>
    field === 'metadata' && !p.item?.metadata ? { text: '', as: 'json' } : typed(p.item?.[field])
  const [values, setValues] = useState<Record<Field, Typed>>(() => ({
    input: before('input'),
    expected_output: before('expected_output'),
    output: before('output'),
    metadata: before('metadata'),
  }))
  const [problems, setProblems] = useState<Partial<Record<Field, string>>>({})
  const keep = useMutation({
    mutationFn: (change: NewDatasetVersion) => changeDataset(scope.project, change),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: ['/datasets'] })
      patch({ version: undefined, against: undefined, item: kept.ids[0] })
      p.onClose()
    },
  })
  const submit = () => {
    const put: Record<string, unknown> = p.item ? { id: p.item.id } : {}
    const wrong: Partial<Record<Field, string>> = {}
    for (const [field] of FIELDS) {
      // What was not touched stays as it is on the server, to the last digit.
      if (p.item && same(values[field], before(field))) continue
      const found = read(values[field])
      if ('problem' in found) wrong[field] = found.problem
      else put[field] = found.value
    }
    setProblems(wrong)
    if (Object.keys(wrong).length) return
    keep.mutate({ name: p.name, put: [put], ...(p.item ? { seen_version: p.version } : {}) })
  }
  return (
    <Modal
      opened
      onClose={p.onClose}
      title={p.item ? 'Change the item' : 'New item'}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="ds-form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {FIELDS.map(([field, label]) => (
          <ValueField
            key={field}
            label={label}
            value={values[field]}
            problem={problems[field]}
            onChange={(value) => setValues({ ...values, [field]: value })}
          />
        ))}
        {keep.isError && <Failure error={keep.error} />}
        <div className="k-window-actions">
          <Button variant="default" onClick={p.onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="filled" loading={keep.isPending}>
            Keep as the next version
          </Button>
        </div>
      </form>
    </Modal>
  )
}
