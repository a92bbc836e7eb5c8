import { Button, Checkbox, Modal, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { createKey } from '@/api/adminQueries'
import { SetUp } from '@/kit/SetUp'
import { Snippet } from '@/kit/states'
import { FormError } from './FormError'

const SCOPES = [
  { value: 'ingest', label: 'ingest', description: 'Send traces, logs and metrics' },
  { value: 'read', label: 'read', description: 'See them here, in the API and in SQL' },
  { value: 'admin', label: 'admin', description: 'Change projects, retention and keys' },
]
const DAY_MS = 86_400_000
const EXPIRIES = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
]

/** Makes a key and shows it once: it is nowhere but here, and closing forgets it. */
export function NewKeyModal({ projects, onClose }: { projects: string[]; onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(['ingest'])
  const [project, setProject] = useState('')
  const [expiry, setExpiry] = useState('never')
  const make = useMutation({
    mutationFn: () =>
      createKey({
        name: name.trim(),
        scopes,
        ...(project ? { project } : {}),
        ...(expiry === 'never'
          ? {}
          : { expires_at: new Date(Date.now() + Number(expiry) * DAY_MS).toISOString() }),
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['/keys'] }),
  })
  const made = make.data
  if (made) {
    return (
      <Modal
        opened
        onClose={onClose}
        title={`Key ${made.name}`}
        size="lg"
        closeOnClickOutside={false}
        closeOnEscape={false}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <div className="settings-form">
          <p>Copy it now. It is not shown again: the server keeps only a hash.</p>
          <Snippet text={made.key} label="the key" />
          {made.scopes.includes('ingest') && <SetUp project={made.project ?? 'default'} apiKey={made.key} />}
          <div className="settings-actions">
            <Button variant="filled" onClick={onClose}>
              I have it
            </Button>
          </div>
        </div>
      </Modal>
    )
  }
  const ready = name.trim() !== '' && scopes.length > 0
  return (
    <Modal opened onClose={onClose} title="New key" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) make.mutate()
        }}
      >
        <TextInput
          label="Name"
          description="Who will use it, so that you know which one to revoke"
          placeholder="collector in eu-1"
          value={name}
          data-autofocus
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox.Group label="Scopes" value={scopes} onChange={setScopes}>
          <div className="settings-scopes">
            {SCOPES.map((scope) => (
              <Checkbox key={scope.value} size="xs" {...scope} />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label="Project"
          data={[{ value: '', label: 'All projects' }, ...projects.map((p) => ({ value: p, label: p }))]}
          value={project}
          allowDeselect={false}
          onChange={(value) => setProject(value ?? '')}
        />
        <Select
          label="Ends"
          data={EXPIRIES}
          value={expiry}
          allowDeselect={false}
          onChange={(value) => value && setExpiry(value)}
        />
        <FormError error={make.error} />
        <div className="settings-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={make.isPending}>
            Make the key
          </Button>
        </div>
      </form>
    </Modal>
  )
}
