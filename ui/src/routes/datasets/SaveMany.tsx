/** Saves several chosen things as items of a dataset: a button, and the window that it opens. */
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

type Change = Parameters<typeof changeDataset>[1]

interface Props {
  project: string
  /** `span`: what one of them is called. */
  noun: string
  chosen: readonly string[]
  /** What of them becomes an item. */
  note: string
  /** The part of the change that names them. */
  change: (chosen: readonly string[]) => Omit<Change, 'name'>
  onSaved?: () => void
}

export function SaveManyButton(props: Props) {
  const [chosen, setChosen] = useState<readonly string[]>()
  const [saved, setSaved] = useState(false)
  // Clearing the choice takes this button away, and its window: not before the answer was read.
  const close = () => {
    setChosen(undefined)
    if (saved) props.onSaved?.()
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
          title={`Add ${counted(chosen.length, props.noun)} to a dataset`}
          closeButtonProps={{ 'aria-label': 'Close' }}
        >
          <Form {...props} chosen={chosen} onSaved={() => setSaved(true)} onClose={close} />
        </Modal>
      )}
    </>
  )
}

function Form({ project, noun, chosen, note, change, onSaved, onClose }: Props & { onClose: () => void }) {
  const { name, setName, kept } = useDatasetName(project)
  const save = useMutation({
    mutationFn: () => changeDataset(project, { name, skip_missing: true, ...change(chosen) }),
    onSuccess: () => {
      kept()
      onSaved?.()
    },
  })
  if (save.isSuccess) {
    const missing = save.data.missing.length
    return (
      <SavedTo project={project} done={save.data} said={saidOf(save.data, noun)} onClose={onClose}>
        {missing > 0 && (
          <p className="ds-note">
            {counted(missing, noun)} left out: not in the store any more, past{' '}
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
      <p className="quiet ds-note">{note}</p>
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

function saidOf({ added, unchanged, version }: DatasetChange, noun: string): string {
  if (!added) return 'They are there already: nothing was changed in'
  const there = unchanged ? `, ${unchanged} there already,` : ''
  return `Added ${counted(added, noun)}${there} in version ${version} of`
}
