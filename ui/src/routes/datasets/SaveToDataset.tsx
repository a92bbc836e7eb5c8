/** Saves a span as an item of a dataset: which one, and what should have come out. */
import { Autocomplete, Button, Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { DatabaseBackup } from 'lucide-react'
import { useState } from 'react'
import { changeDataset, datasetsQuery, itemDraftQuery } from '@/api/datasetQueries'
import type { ItemDraft } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { Isolated } from '@/kit/Isolated'
import { usePref } from '@/kit/prefs'
import { Failure, SkeletonRows } from '@/kit/states'
import { read, same, typed } from './itemValue'
import { ValueField } from './ValueField'
import './datasets.css'

interface Span {
  project: string
  traceId: string
  spanId: string
}

export function SaveToDatasetButton(span: Span) {
  const may = useMaySay()
  const [open, setOpen] = useState(false)
  if (!may) return null
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<DatabaseBackup size={12} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        Save to dataset
      </Button>
      {open && <SaveToDataset {...span} onClose={() => setOpen(false)} />}
    </>
  )
}

export function SaveToDataset({ onClose, ...span }: Span & { onClose: () => void }) {
  const draft = useQuery(itemDraftQuery(span.project, span.traceId, span.spanId))
  return (
    <Modal
      opened
      onClose={onClose}
      title="Save this span to a dataset"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {draft.isPending ? (
        <SkeletonRows rows={6} label="Reading the span" />
      ) : draft.isError ? (
        <Failure error={draft.error} retry={() => void draft.refetch()} />
      ) : (
        <Form {...span} draft={draft.data} onClose={onClose} />
      )}
    </Modal>
  )
}

function Form({
  project,
  traceId,
  spanId,
  draft,
  onClose,
}: Span & { draft: ItemDraft; onClose: () => void }) {
  const client = useQueryClient()
  const datasets = useQuery(datasetsQuery(project))
  const [last, setLast] = usePref(`dataset.${project}`, '')
  const [name, setName] = useState(last)
  const [expected, setExpected] = useState(() => typed(draft.expected_output))
  const [problem, setProblem] = useState<string>()
  const save = useMutation({
    mutationFn: (value: unknown) =>
      changeDataset(project, {
        name,
        // Only what was edited goes along: the rest is read from the store, to the last digit.
        spans: [
          {
            trace_id: traceId,
            span_id: spanId,
            ...(same(expected, typed(draft.expected_output)) ? {} : { expected_output: value }),
          },
        ],
      }),
    onSuccess: () => {
      setLast(name)
      void client.invalidateQueries({ queryKey: ['/datasets'] })
    },
  })
  const names = (datasets.data?.rows ?? []).map((row) => row.name)
  const submit = () => {
    const found = read(expected)
    setProblem('problem' in found ? found.problem : undefined)
    if ('value' in found) save.mutate(found.value)
  }
  if (save.isSuccess) {
    const { version, items, changed, unchanged } = save.data
    return (
      <div className="ds-form">
        <p role="status">
          {unchanged
            ? 'It is there already, as it is: nothing was changed in '
            : `${changed ? 'Changed' : 'Saved'} in version ${version} of `}
          <Link to="/datasets" search={{ project, name }}>
            <Isolated text={save.data.name} />
          </Link>
          , which has {items} {items === 1 ? 'item' : 'items'}.
        </p>
        <div className="k-window-actions">
          <Button variant="filled" onClick={onClose} data-autofocus>
            Done
          </Button>
        </div>
      </div>
    )
  }
  return (
    <form
      className="ds-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Autocomplete
        label="Dataset"
        description={
          name && datasets.isSuccess && !names.includes(name)
            ? 'A new one of this name is made.'
            : 'One that is there, or a new name.'
        }
        value={name}
        onChange={setName}
        data={names}
        maxLength={200}
        required
        // The window's own first focus may be past when the span is read. Opened by typing: Escape closes the window.
        autoFocus={!name}
        data-autofocus={!name || undefined}
        openOnFocus={false}
      />
      {draft.datasets.includes(name) && (
        <p className="ds-note">This span is in it already: saving changes that item in a next version.</p>
      )}
      <ValueField
        label="Expected output"
        description={
          draft.corrected
            ? 'As a reviewer corrected it.'
            : 'What came out. Change it to what should have come out.'
        }
        value={expected}
        problem={problem}
        onChange={setExpected}
      />
      <p className="quiet ds-note">
        Input, output, model and the link to this span are saved with it, whole.
      </p>
      {save.isError && <Failure error={save.error} />}
      <div className="k-window-actions">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  )
}
