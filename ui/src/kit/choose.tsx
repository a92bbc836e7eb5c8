/** Rows of a table are chosen one by one (`x`), as a range (Shift), or all that are loaded, to do something with them. */
import { Button, Checkbox } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Column } from './DataTable'
import { count } from './format'
import { useShortcuts } from './keys'

/** One more, one less, or everything between the last one and this one; never more than `most`. Pure. */
export function chosenAfter(
  chosen: ReadonlySet<string>,
  keys: readonly string[],
  key: string,
  from: string | undefined,
  most: number,
): ReadonlySet<string> {
  const next = new Set(chosen)
  const [a, b] = [from === undefined ? -1 : keys.indexOf(from), keys.indexOf(key)]
  if (a >= 0 && b >= 0) for (const one of keys.slice(Math.min(a, b), Math.max(a, b) + 1)) next.add(one)
  else if (!next.delete(key)) next.add(key)
  return new Set([...next].slice(0, most))
}

interface Options<T> {
  rows: T[]
  rowKey: (row: T) => string
  nameOf: (row: T) => string
  /** Whose rows: those of another project are another choice. */
  project: string
  /** The row where the reader is. */
  current: string | undefined
  /** What can be done with at once. */
  most: number
  enabled: boolean
}

export function useChosen<T>({ rows, rowKey, nameOf, project, current, most, enabled }: Options<T>) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const last = useRef<string>(undefined)
  const keys = useMemo(() => rows.map(rowKey), [rows, rowKey])
  const choose = useCallback(
    (key: string, range: boolean) => {
      const from = range ? last.current : undefined
      last.current = key
      setChosen((before) => chosenAfter(before, keys, key, from, most))
    },
    [keys, most],
  )
  const here = current !== undefined && keys.includes(current) ? current : undefined
  useShortcuts(
    'Choosing rows',
    [
      { keys: 'x', label: 'Choose the row', run: () => here && choose(here, false) },
      { keys: 'X', label: 'Choose the rows up to this one', run: () => here && choose(here, true) },
    ],
    enabled,
  )
  const all = keys.length > 0 && keys.slice(0, most).every((key) => chosen.has(key))
  const column = useMemo<Column<T>>(
    () => ({
      id: 'choose',
      header: (
        <Checkbox
          size="xs"
          aria-label="Choose all rows that are loaded"
          title={`All rows that are loaded, ${count(most)} at most`}
          checked={all}
          indeterminate={!all && chosen.size > 0}
          onChange={() => setChosen(all ? new Set() : new Set([...chosen, ...keys].slice(0, most)))}
        />
      ),
      width: 20,
      render: (row) => (
        <Checkbox
          size="xs"
          tabIndex={-1}
          aria-label={`Choose ${nameOf(row)}`}
          title="Choose (x), with Shift up to here"
          checked={chosen.has(rowKey(row))}
          onClick={(event) => {
            event.stopPropagation()
            choose(rowKey(row), event.shiftKey)
          }}
          // The click has done it: only that knows of Shift.
          onChange={() => undefined}
        />
      ),
    }),
    [all, chosen, choose, keys, most, nameOf, rowKey],
  )
  const clear = useCallback(() => setChosen(new Set()), [])
  useEffect(() => clear, [clear, project])
  return { chosen, column, clear }
}

/** What stands in the toolbar while rows are chosen. */
export function ChosenBar(p: {
  chosen: ReadonlySet<string>
  most: number
  onClear: () => void
  children: ReactNode
}) {
  if (p.chosen.size === 0) return null
  return (
    <>
      <span className="quiet" role="status">
        {count(p.chosen.size)} chosen{p.chosen.size >= p.most ? ', the most at once' : ''}
      </span>
      {p.children}
      <Button variant="subtle" color="gray" onClick={p.onClear}>
        Clear
      </Button>
    </>
  )
}
