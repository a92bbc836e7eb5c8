/** Two traces of the list are marked, then compared. The address holds which. */
import { Button, Checkbox } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { GitCompareArrows } from 'lucide-react'
import type { TraceRow } from '@/api/types'
import type { Column } from '@/kit/DataTable'
import { travelling } from '@/kit/view'

/** A third one takes the place of the older of the two. */
export function toggled(marks: readonly string[], traceId: string): string[] {
  return marks.includes(traceId) ? marks.filter((id) => id !== traceId) : [...marks, traceId].slice(-2)
}

export function markColumn(marks: readonly string[], onMark: (traceId: string) => void): Column<TraceRow> {
  return {
    id: 'mark',
    header: <span className="sr-only">Compare</span>,
    width: 24,
    render: (row) => (
      <Checkbox
        size="xs"
        tabIndex={-1}
        aria-label={`Mark ${row.root_name || row.trace_id} for a comparison`}
        title="Mark for a comparison (x)"
        checked={marks.includes(row.trace_id)}
        onClick={(event) => event.stopPropagation()}
        onChange={() => onMark(row.trace_id)}
      />
    ),
  }
}

export function MarkBar({ marks, onClear }: { marks: readonly string[]; onClear: () => void }) {
  const [a, b] = marks
  if (!a) return null
  return (
    <>
      <span className="grow" />
      {b ? (
        <Button
          variant="light"
          leftSection={<GitCompareArrows size={13} aria-hidden />}
          renderRoot={(props) => (
            <Link to="/traces/compare" search={(old) => ({ ...travelling(old), a, b })} {...props} />
          )}
        >
          Compare the two
        </Button>
      ) : (
        <span className="quiet">1 marked, mark another to compare</span>
      )}
      <Button variant="subtle" color="gray" onClick={onClear}>
        Clear marks
      </Button>
    </>
  )
}
