import { Link } from '@tanstack/react-router'
import type { ServiceMap } from '@/api/types'
import { travelling, useView } from '@/kit/view'
import { ErrorShare, Rate, Took } from './measures'

type MapNode = ServiceMap['nodes'][number]
type MapEdge = ServiceMap['edges'][number]

/** The same edges in words; also what a service's own page shows of its neighbours. */
export function EdgeTable({ edges, nodes }: { edges: MapEdge[]; nodes: MapNode[] }) {
  const { search } = useView()
  const known = new Map(nodes.map((node) => [node.id, node]))
  const name = (id: string) => {
    const node = known.get(id)
    return node?.kind === 'service' ? (
      <Link to="/services/$service" params={{ service: id }} search={travelling(search)}>
        {node.label || 'unnamed'}
      </Link>
    ) : (
      <>
        {node?.label ?? id} <span className="unit">{node?.kind}</span>
      </>
    )
  }
  return (
    <div className="sv-wide" role="region" aria-label="Ways between services" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" className="num">
              Rate
            </th>
            <th scope="col" className="num">
              Errors
            </th>
            <th scope="col" className="num">
              p50
            </th>
            <th scope="col" className="num">
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={`${edge.source}\n${edge.target}`}>
              <td>{name(edge.source)}</td>
              <td>{name(edge.target)}</td>
              <td className="num">
                <Rate perSecond={edge.rate_per_s} />
              </td>
              <td className="num">
                <ErrorShare share={edge.error_rate} />
              </td>
              <td className="num">
                <Took ms={edge.p50_ms} />
              </td>
              <td className="num">
                <Took ms={edge.p95_ms} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
