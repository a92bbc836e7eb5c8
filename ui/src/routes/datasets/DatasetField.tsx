/** Which dataset something is saved to: one that is there, or a new name; the last one again at first. */
import { Autocomplete, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { datasetsQuery } from '@/api/datasetQueries'
import type { DatasetChange } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { usePref } from '@/kit/prefs'

export function useDatasetName(project: string) {
  const client = useQueryClient()
  const [last, setLast] = usePref(`dataset.${project}`, '')
  const [name, setName] = useState(last)
  const kept = () => {
    setLast(name)
    void client.invalidateQueries({ queryKey: ['/datasets'] })
  }
  return { name, setName, kept }
}

export function DatasetField(p: { project: string; name: string; onChange: (name: string) => void }) {
  const datasets = useQuery(datasetsQuery(p.project))
  const names = (datasets.data?.rows ?? []).map((row) => row.name)
  return (
    <Autocomplete
      label="Dataset"
      description={
        p.name && datasets.isSuccess && !names.includes(p.name)
          ? 'A new one of this name is made.'
          : 'One that is there, or a new name.'
      }
      value={p.name}
      onChange={p.onChange}
      data={names}
      maxLength={200}
      required
      // The window's own first focus may be past when the span is read. Opened by typing: Escape closes the window.
      autoFocus={!p.name}
      data-autofocus={!p.name || undefined}
      openOnFocus={false}
    />
  )
}

/** What was done, and the way to the dataset. */
export function SavedTo(p: {
  project: string
  done: DatasetChange
  said: string
  onClose: () => void
  children?: ReactNode
}) {
  const { name, items } = p.done
  return (
    <div className="ds-form">
      <p role="status">
        {p.said}{' '}
        <Link to="/datasets" search={{ project: p.project, name }}>
          <Isolated text={name} />
        </Link>
        , which has {items} {items === 1 ? 'item' : 'items'}.
      </p>
      {p.children}
      <div className="k-window-actions">
        <Button variant="filled" onClick={p.onClose} data-autofocus>
          Done
        </Button>
      </div>
    </div>
  )
}
