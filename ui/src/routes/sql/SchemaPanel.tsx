import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { sqlSchemaQuery } from '@/api/queries'
import { Failure, SkeletonRows } from '@/kit/states'

/** What can be asked; a click puts the name into the statement. */
export function SchemaPanel({ onInsert }: { onInsert: (text: string) => void }) {
  const schema = useQuery(sqlSchemaQuery)
  const [find, setFind] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(['spans']))
  const wanted = find.toLowerCase()
  return (
    <nav className="q-schema" aria-label="Views and columns">
      <div style={{ padding: '6px 8px' }}>
        <TextInput
          placeholder="Find a column"
          aria-label="Find a column"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
        />
      </div>
      {schema.isPending && <SkeletonRows rows={12} label="Loading the schema" />}
      {schema.isError && <Failure error={schema.error} retry={() => void schema.refetch()} />}
      {schema.data?.views.map((view) => {
        const columns = view.columns.filter((c) => c.name.toLowerCase().includes(wanted))
        if (wanted && !columns.length && !view.name.includes(wanted)) return null
        const shown = wanted ? columns.length > 0 : open.has(view.name)
        return (
          <section key={view.name}>
            <h2>
              <button
                type="button"
                className="plain"
                aria-expanded={shown}
                onClick={() =>
                  setOpen((old) => {
                    const next = new Set(old)
                    if (!next.delete(view.name)) next.add(view.name)
                    return next
                  })
                }
              >
                {shown ? <ChevronDown size={12} aria-hidden /> : <ChevronRight size={12} aria-hidden />}
                {view.name}
              </button>
            </h2>
            {shown && (
              <ul>
                {columns.map((column) => (
                  <li key={column.name}>
                    <button
                      type="button"
                      className="plain"
                      title={column.comment || column.type}
                      onClick={() => onInsert(column.name)}
                    >
                      <span className="mono cut">{column.name}</span>
                      <span className="unit cut">{column.type}</span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )
      })}
    </nav>
  )
}
