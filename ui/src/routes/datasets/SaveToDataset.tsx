/** Saves a span or a prediction as an item of a dataset: which one, and what should have come out. */
import { Button, Modal } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { DatabaseBackup } from 'lucide-react'
import { useState } from 'react'
import { changeDataset, itemDraftQuery, type Saved } from '@/api/datasetQueries'
import type { ItemDraft } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { Failure, SkeletonRows } from '@/kit/states'
import { DatasetField, SavedTo, useDatasetName } from './DatasetField'
import { read, same, typed } from './itemValue'
import { ValueField } from './ValueField'
import './datasets.css'

interface Source {
  project: string
  of: Saved
}

export function SaveToDatasetButton(source: Source) {
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
      {open && <SaveToDataset {...source} onClose={() => setOpen(false)} />}
    </>
  )
}

export function SaveToDataset({ onClose, ...source }: Source & { onClose: () => void }) {
  const draft = useQuery(itemDraftQuery(source.project, source.of))
  const what = 'model' in source.of ? 'prediction' : 'span'
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Save this ${what} to a dataset`}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {draft.isPending ? (
        <SkeletonRows rows={6} label={`Reading the ${what}`} />
      ) : draft.isError ? (
        <Failure error={draft.error} retry={() => void draft.refetch()} />
      ) : (
        <Form {...source} draft={draft.data} onClose={onClose} />
      )}
    </Modal>
  )
}

function Form({ project, of, draft, onClose }: Source & { draft: ItemDraft; onClose: () => void }) {
  const prediction = 'model' in of
  const { name, setName, kept } = useDatasetName(project)
  const [expected, setExpected] = useState(() => typed(draft.expected_output))
  const [problem, setProblem] = useState<string>()
  const save = useMutation({
    mutationFn: (value: unknown) => {
      // Only what was edited goes along: the rest is read from the store, to the last digit.
      const edited = same(expected, typed(draft.expected_output)) ? {} : { expected_output: value }
      return changeDataset(project, {
        name,
        ...('model' in of ? { predictions: [{ ...of, ...edited }] } : { spans: [{ ...of, ...edited }] }),
      })
    },
    onSuccess: kept,
  })
  const submit = () => {
    const found = read(expected)
    setProblem('problem' in found ? found.problem : undefined)
    if ('value' in found) save.mutate(found.value)
  }
  if (save.isSuccess) {
    const { version, changed, unchanged } = save.data
    const said = unchanged
      ? 'It is there already, as it is: nothing was changed in'
      : `${changed ? 'Changed' : 'Saved'} in version ${version} of`
    return <SavedTo project={project} done={save.data} said={said} onClose={onClose} />
  }
  return (
    <form
      className="ds-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <DatasetField project={project} name={name} onChange={setName} />
      {draft.datasets.includes(name) && (
        <p className="ds-note">
          This {prediction ? 'prediction' : 'span'} is in it already: saving changes that item in a next
          version.
        </p>
      )}
      <ValueField
        label="Expected output"
        description={
          draft.corrected
            ? prediction
              ? 'Its label.'
              : 'As a reviewer corrected it.'
            : 'What came out. Change it to what should have come out.'
        }
        value={expected}
        problem={problem}
        onChange={setExpected}
      />
      <p className="quiet ds-note">
        {prediction
          ? 'Features, output, scores, model and the link to this prediction are saved with it, whole.'
          : 'Input, output, model and the link to this span are saved with it, whole.'}
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
