/** Saves the chosen spans of a list as items of a dataset. */
import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { DatabaseBackup } from 'lucide-react'
import { useState } from 'react'
import { changeDataset } from '@/api/datasetQueries'
import type { DatasetChange } from '@/api/types'
import { counted } from '@/kit/format'
import { Failure } from '@/kit/states'
import { DatasetField, SavedTo, useDatasetName } from './DatasetField'
import './datasets.css'

/** Spans of one change, as the server takes them. */
export const MAX_SPANS = 200

interface Props {
  project: string
  /** `trace_id/span_id` of each. */
  chosen: ReadonlySet<string>
  onSaved: () => void
}

export function SaveSpansButton(props: Props) {
  const [chosen, setChosen] = useState<readonly string[]>()
  const [saved, setSaved] = useState(false)
  // Clearing the choice takes this button away, and its window: not before the answer was read.
  const close = () => {
    setChosen(undefined)
    if (saved) props.onSaved()
  }
  return (
    <>
      <Button
        variant="light"
        leftSection={<DatabaseBackup size={13} aria-hidden />}
        onClick={() => setChosen([...props.chosen])}
      >
        Add to dataset…
      </Button>
      {chosen && (
        <Modal
          opened
          onClose={close}
          title={`Add ${counted(chosen.length, 'span')} to a dataset`}
          closeButtonProps={{ 'aria-label': 'Close' }}
        >
          <Form project={props.project} spans={chosen} onSaved={() => setSaved(true)} onClose={close} />
        </Modal>
      )}
    </>
  )
}

interface FormProps {
  project: string
  spans: readonly string[]
  onSaved: () => void
  onClose: () => void
}

function Form({ project, spans, onSaved, onClose }: FormProps) {
  const { name, setName, kept } = useDatasetName(project)
  const save = useMutation({
    mutationFn: () =>
      changeDataset(project, {
        name,
        skip_missing: true,
        spans: spans.map((key) => {
          const [trace_id = '', span_id = ''] = key.split('/')
          return { trace_id, span_id, if_absent: true }
        }),
      }),
    onSuccess: () => {
      kept()
      onSaved()
    },
  })
  if (save.isSuccess) {
    const missing = save.data.missing.length
    return (
      <SavedTo project={project} done={save.data} said={saidOf(save.data)} onClose={onClose}>
        {missing > 0 && (
          <p className="ds-note">
            {counted(missing, 'span')} left out: not in the store any more, past{' '}
            {missing === 1 ? 'its' : 'their'} retention.
          </p>
        )}
      </SavedTo>
    )
  }
  return (
    <form
      className="ds-form"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <DatasetField project={project} name={name} onChange={setName} />
      <p className="quiet ds-note">
        Each with its input, output, model and the link to it, whole. Expected is what a reviewer corrected,
        else what came out. Spans that are in the dataset already stay as they are there.
      </p>
      {save.isError && <Failure error={save.error} />}
      <div className="k-window-actions">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Add
        </Button>
      </div>
    </form>
  )
}

function saidOf({ added, unchanged, version }: DatasetChange): string {
  if (!added) return 'They are there already: nothing was changed in'
  const there = unchanged ? `, ${unchanged} there already,` : ''
  return `Added ${counted(added, 'span')}${there} in version ${version} of`
}
