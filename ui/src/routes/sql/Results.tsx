import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Cell, SqlAnswer } from '@/api/types'
import { category, distinct } from '@/kit/colour'
import { DataTable, type Column } from '@/kit/DataTable'
import { compact } from '@/kit/format'
import { Empty, NotEnoughData } from '@/kit/states'
import { TimeChart } from '@/kit/TimeChart'
import { chartOf, isNumber } from './chart'

interface Numbered {
  at: number
  cells: Cell[]
}

const show = (cell: Cell): string =>
  cell === null ? 'NULL' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell)

export function ResultGrid({ answer }: { answer: SqlAnswer }) {
  const rows = useMemo(() => answer.rows.map((cells, at): Numbered => ({ at, cells })), [answer])
  const columns = useMemo(
    () =>
      answer.columns.map((column, i): Column<Numbered> => {
        const float = /Float/.test(column.type)
        const longest = answer.rows
          .slice(0, 200)
          .reduce((most, row) => Math.max(most, show(row[i] ?? null).slice(0, float ? 11 : 80).length), 0)
        const numeric = isNumber(column.type)
        return {
          id: `${i}`,
          header: <span title={column.type}>{column.name}</span>,
          width: Math.round(Math.min(Math.max(longest * 7.3 + 8, column.name.length * 7.6 + 10, 56), 460)),
          ...(numeric ? { align: 'right' as const } : {}),
          render: (row) => <CellView column={column} cell={row.cells[i] ?? null} />,
        }
      }),
    [answer],
  )
  if (!answer.columns.length) return <Empty title="The statement returned no columns" />
  if (!rows.length) return <Empty title="No rows" />
  return <DataTable label="Result" columns={columns} rows={rows} rowKey={rowKey} scrollX />
}

const rowKey = (row: Numbered) => String(row.at)

function CellView({ column, cell }: { column: SqlAnswer['columns'][number]; cell: Cell }) {
  const { name } = column
  if (cell === null) return <i className="quiet">NULL</i>
  const exact = show(cell)
  // Seven figures are enough to read; the title and every export hold them all.
  const text =
    /Float/.test(column.type) && exact.length > 10 ? String(Number(Number(exact).toPrecision(7))) : exact
  if (name === 'trace_id' && /^[0-9a-f]{32}$/.test(text)) {
    return (
      <Link
        className="mono"
        to="/traces/$traceId"
        params={{ traceId: text }}
        search={(old) => ({ project: old.project })}
      >
        {text}
      </Link>
    )
  }
  const cut = text.length > 300 ? `${text.slice(0, 300)}…` : text
  return (
    <span className="mono" title={exact !== text || text.length > 12 ? exact.slice(0, 2_000) : undefined}>
      {cut}
    </span>
  )
}

export function ResultChart({ answer }: { answer: SqlAnswer }) {
  const chart = useMemo(() => chartOf(answer), [answer])
  if (typeof chart === 'string') {
    return (
      <NotEnoughData title={chart}>
        <p>For example: one column of times, one of names to group by, one number.</p>
      </NotEnoughData>
    )
  }
  const note = chart.left > 0 && (
    <p className="quiet">
      {chart.left} more {chart.kind === 'line' ? 'series, the smallest,' : 'rows'} are not drawn.
    </p>
  )
  if (chart.kind === 'line') {
    const colours = distinct(chart.series.map((s) => s.label))
    return (
      <div className="q-chart">
        <div className="k-legend" style={{ flexWrap: 'wrap' }}>
          {chart.series.map((s) => (
            <span key={s.label}>
              <i style={{ background: colours.get(s.label) }} aria-hidden />
              {s.label}
            </span>
          ))}
        </div>
        <TimeChart
          label="Result over time"
          times={chart.times}
          height={280}
          series={chart.series.map((s) => ({ ...s, colour: colours.get(s.label)! }))}
        />
        {note}
      </div>
    )
  }
  const values = chart.series[0]!.values
  const top = Math.max(...values.map((v) => Math.abs(v ?? 0)), Number.MIN_VALUE)
  return (
    <div className="q-chart">
      <table className="q-bars">
        <thead>
          <tr>
            <th scope="col">{chart.x}</th>
            <th scope="col" className="num">
              {chart.series[0]!.label}
            </th>
            <th aria-hidden />
          </tr>
        </thead>
        <tbody>
          {chart.names.map((name, i) => (
            <tr key={i}>
              <th scope="row" className="cut">
                {name}
              </th>
              <td className="num">{values[i] === null ? 'NULL' : compact(values[i]!)}</td>
              <td aria-hidden>
                <div
                  style={{ width: `${(Math.abs(values[i] ?? 0) / top) * 100}%`, background: category(name) }}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {note}
    </div>
  )
}
