/** One row of two aligned traces: its numbers, and the attributes in which its spans differ, side by side. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { pairQuery } from '@/api/compareQueries'
import { count, durationText, usd } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Key } from '@/kit/Key'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling } from '@/kit/view'
import type { Columns, Side } from './rows'
import { signed, Swatch } from './values'

interface Props {
  project: string
  a: string
  b: string
  columns: Columns
  row: number
}

export function PairPanel(p: Props) {
  return (
    <div className="k-scroll">
      <Numbers {...p} />
      <Attributes {...p} />
    </div>
  )
}

function Numbers({ columns, row, a, b }: Props) {
  const sides = [columns.a, columns.b] as const
  const several = sides.some((side) => side.count[row]! > 1)
  const time = (pick: (side: Side) => number) => (side: Side) => durationText(pick(side) / 1e6)
  const rows: [label: string, show: (side: Side) => string, delta?: (side: Side) => number][] = [
    ['Spans', (s) => count(s.count[row]!)],
    [several ? 'Time of all' : 'Time', time((s) => s.duration_ns[row]!), (s) => s.duration_ns[row]!],
    ...(several
      ? ([
          ['Shortest', time((s) => s.shortest_ns[row]!), (s: Side) => s.shortest_ns[row]!],
          ['Longest', time((s) => s.longest_ns[row]!), (s: Side) => s.longest_ns[row]!],
        ] as [string, (side: Side) => string, (side: Side) => number][])
      : []),
    ['Own time', time((s) => s.own_ns[row]!), (s) => s.own_ns[row]!],
    ['Waited for itself', time((s) => s.path_ns[row]!), (s) => s.path_ns[row]!],
    ['Started after', time((s) => s.start_ns[row]!), (s) => s.start_ns[row]!],
    ['Errors', (s) => count(s.errors[row]!)],
    ...(sides.some((s) => s.model[row])
      ? ([['Model', (s: Side) => s.model[row] || '–']] as [string, (side: Side) => string][])
      : []),
    ...(sides.some((s) => s.tokens[row] !== null)
      ? ([['Tokens', (s: Side) => (s.tokens[row] === null ? '–' : count(s.tokens[row]!))]] as [
          string,
          (side: Side) => string,
        ][])
      : []),
    ...(sides.some((s) => s.cost_usd[row] !== null)
      ? ([['Cost', (s: Side) => (s.cost_usd[row] === null ? '–' : usd(s.cost_usd[row]!))]] as [
          string,
          (side: Side) => string,
        ][])
      : []),
  ]
  const both = sides.every((side) => side.count[row]! > 0)
  return (
    <table className="c-table">
      <thead>
        <tr>
          <th scope="col">{several ? 'Step, the longest of each' : 'Step'}</th>
          {(['a', 'b'] as const).map((name) => {
            const span = columns[name].span_id[row]
            return (
              <th scope="col" className="num" key={name}>
                {span ? (
                  <Link
                    to="/traces/$traceId"
                    params={{ traceId: name === 'a' ? a : b }}
                    search={(old) => ({ ...travelling(old), span })}
                    title="Open its span"
                  >
                    <Swatch side={name} />
                  </Link>
                ) : (
                  <Swatch side={name} />
                )}
              </th>
            )
          })}
          <th scope="col" className="num">
            B − A
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, show, delta]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {sides.map((side, i) => (
              <td className="num" key={i}>
                {side.count[row] ? <Isolated text={show(side)} /> : '–'}
              </td>
            ))}
            <td className="num">{both && delta ? signed(delta(sides[1]) - delta(sides[0])) : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Attributes({ project, a, b, columns, row }: Props) {
  const [span_a, span_b] = [columns.a.span_id[row]!, columns.b.span_id[row]!]
  const pair = useQuery(pairQuery(project, { a, b, span_a, span_b }))
  if (pair.isPending) return <SkeletonRows rows={8} label="Loading the attributes" />
  if (pair.isError) return <Failure error={pair.error} retry={() => void pair.refetch()} />
  const { differences, equal, more } = pair.data
  const alone = !span_a || !span_b
  const only = span_a ? 'A' : 'B'
  return (
    <>
      <Messages a={pair.data.a?.status_message ?? ''} b={pair.data.b?.status_message ?? ''} />
      <h3 className="t-section">
        {alone ? `Attributes: this step is only in ${only}` : 'Attributes that differ'}
      </h3>
      {differences.length === 0 ? (
        <p className="c-note">{alone ? 'Its span has no attributes.' : 'None.'}</p>
      ) : (
        <table className="c-table c-attrs">
          <thead>
            <tr>
              <th scope="col">Attribute</th>
              {span_a && (
                <th scope="col">
                  <Swatch side="a" />
                </th>
              )}
              {span_b && (
                <th scope="col">
                  <Swatch side="b" />
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {differences.map((one) => (
              <tr key={one.key}>
                <th scope="row" className="mono">
                  <Key name={one.key} />
                </th>
                {span_a && <Cell value={one.a} />}
                {span_b && <Cell value={one.b} />}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="quiet c-note">
        {alone ? '' : `${count(equal)} ${equal === 1 ? 'value is' : 'values are'} the same. `}
        {more > 0 && `${count(more)} more differ: open the spans to see them. `}
        {differences.some((one) => one.a?.endsWith('…') || one.b?.endsWith('…')) &&
          'Long values are cut; the spans have them whole.'}
      </p>
    </>
  )
}

function Messages({ a, b }: { a: string; b: string }) {
  if (!a && !b) return null
  return (
    <>
      {(['a', 'b'] as const).map((side) => {
        const message = side === 'a' ? a : b
        return (
          message && (
            <p className="t-message" key={side}>
              <Swatch side={side} /> <Isolated text={message} />
            </p>
          )
        )
      })}
    </>
  )
}

function Cell({ value }: { value: string | null }) {
  if (value === null)
    return (
      <td className="quiet" title="No such attribute">
        none
      </td>
    )
  return (
    <td className="mono">
      <Isolated text={value} />
    </td>
  )
}
