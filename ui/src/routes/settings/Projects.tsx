import { Button, Modal, NumberInput, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus } from 'lucide-react'
import { useState } from 'react'
import { createProject, projectsQuery, setRetention } from '@/api/adminQueries'
import type { Project } from '@/api/types'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { FormError } from './FormError'

const SIGNALS = ['traces', 'logs', 'metrics', 'predictions', 'labels'] as const
const MOST_DAYS = 3650
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function Projects({ admin }: { admin: boolean }) {
  const query = useQuery(projectsQuery)
  const [editing, setEditing] = useState<Project>()
  const [adding, setAdding] = useState(false)
  return (
    <section>
      <div className="settings-head">
        <h2>Projects</h2>
        <span className="grow" />
        {admin && (
          <Button leftSection={<Plus size={13} aria-hidden />} onClick={() => setAdding(true)}>
            New project
          </Button>
        )}
      </div>
      <p className="quiet">
        A project keeps its telemetry to itself. Each signal is kept for as many days as stand here, then it
        goes.
        {!admin && ' Changing them needs a key with the admin scope.'}
      </p>
      {query.isPending ? (
        <SkeletonRows rows={4} label="Loading projects" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.projects.length === 0 ? (
        <Empty title="No projects yet">
          <p>
            The first record that arrives makes one, named by its x-tapetum-project header, else “default”.
          </p>
        </Empty>
      ) : (
        <div className="settings-wide" role="region" aria-label="Projects" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Project</th>
                {SIGNALS.map((signal) => (
                  <th key={signal} scope="col" className="num">
                    {`${signal[0]!.toUpperCase()}${signal.slice(1)}`}
                  </th>
                ))}
                <th scope="col">Made</th>
                {admin && (
                  <th scope="col">
                    <span className="sr-only">Change</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {query.data.projects.map((project) => (
                <tr key={project.name}>
                  <td>{project.name}</td>
                  {SIGNALS.map((signal) => (
                    <td key={signal} className="num">
                      {project.retention[signal]}
                      <span className="unit">d</span>
                    </td>
                  ))}
                  <td className="quiet">
                    <RelativeTime iso={project.created_at} />
                  </td>
                  {admin && (
                    <td className="num">
                      <Button
                        variant="subtle"
                        color="gray"
                        leftSection={<Pencil size={12} aria-hidden />}
                        aria-label={`Change retention of ${project.name}`}
                        onClick={() => setEditing(project)}
                      >
                        Retention
                      </Button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing && <EditRetention project={editing} onClose={() => setEditing(undefined)} />}
      {adding && <AddProject onClose={() => setAdding(false)} />}
    </section>
  )
}

function EditRetention({ project, onClose }: { project: Project; onClose: () => void }) {
  const client = useQueryClient()
  const [days, setDays] = useState(project.retention)
  const valid = SIGNALS.every((s) => Number.isInteger(days[s]) && days[s] >= 1 && days[s] <= MOST_DAYS)
  const shorter = SIGNALS.filter((s) => days[s] < project.retention[s])
  const save = useMutation({
    mutationFn: () => setRetention(project.name, days),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: projectsQuery.queryKey })
      notifications.show({ message: `Retention of ${project.name} changed` })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Retention of ${project.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (valid) save.mutate()
        }}
      >
        {SIGNALS.map((signal) => (
          <NumberInput
            key={signal}
            label={`Days to keep ${signal}`}
            value={days[signal]}
            min={1}
            max={MOST_DAYS}
            allowDecimal={false}
            onChange={(value) => setDays({ ...days, [signal]: Number(value) })}
          />
        ))}
        {shorter.length > 0 && valid && (
          <p className="settings-warn" role="status">
            Deletes for good: {shorter.map((s) => `${s} older than ${days[s]} days`).join(', ')}.
          </p>
        )}
        {!valid && <p role="alert">Give whole days from 1 to {MOST_DAYS}.</p>}
        <FormError error={save.error} />
        <div className="settings-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!valid} loading={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function AddProject({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: () => createProject(name),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: projectsQuery.queryKey })
      void client.invalidateQueries({ queryKey: ['info'] })
      notifications.show({ message: `Project ${name} made` })
      onClose()
    },
  })
  const wrong = name !== '' && !NAME.test(name)
  return (
    <Modal opened onClose={onClose} title="New project" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (NAME.test(name)) add.mutate()
        }}
      >
        <TextInput
          label="Name"
          description="1 to 64 of A-Z a-z 0-9 . _ - that start with a letter or digit"
          value={name}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          error={wrong ? 'That is not a project name' : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <FormError error={add.error} />
        <div className="settings-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!NAME.test(name)} loading={add.isPending}>
            Make the project
          </Button>
        </div>
      </form>
    </Modal>
  )
}
