import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeDataset } from '@/api/datasetQueries'
import { Failure } from '@/kit/states'
import { useView } from '@/kit/view'

/** An empty dataset, to be filled from spans or by hand. */
export function NewDataset({ onClose }: { onClose: () => void }) {
  const { scope, patch } = useView()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const make = useMutation({
    mutationFn: () => changeDataset(scope.project, { name, description }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['/datasets'] })
      patch({ name })
      onClose()
    },
  })
  return (
    <Modal opened onClose={onClose} title="New dataset" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="ds-form"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <TextInput
          label="Name"
          description="Letters, digits and . _ : / -"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
          required
          data-autofocus
        />
        <TextInput
          label="What it is for"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          maxLength={2000}
        />
        {make.isError && <Failure error={make.error} />}
        <div className="k-window-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="filled" loading={make.isPending}>
            Make dataset
          </Button>
        </div>
      </form>
    </Modal>
  )
}
