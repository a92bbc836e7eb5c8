import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Box, Database, Globe, MessagesSquare, Sparkles, type LucideIcon } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import { serviceMapQuery } from '@/api/serviceQueries'
import type { ServiceMap } from '@/api/types'
import { serviceColour } from '@/kit/colour'
import { ExportMenu } from '@/kit/ExportMenu'
import { count } from '@/kit/format'
import { useSize } from '@/kit/hooks'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { EdgeTable } from './EdgeTable'
import { drawable, fails, NODE, pathOf, place } from './layout'
import { ErrorShare, percent, perTime, Rate, Took } from './measures'

type MapNode = ServiceMap['nodes'][number]
type MapEdge = ServiceMap['edges'][number]

const ICONS: Record<MapNode['kind'], LucideIcon> = {
  service: Box,
  database: Database,
  messaging: MessagesSquare,
  model: Sparkles,
  external: Globe,
}

/** Who asks whom: as a picture, or as a table of the same edges. */
export function ServiceMapView({ tabs }: { tabs: ReactNode }) {
  const { scope, search, patch } = useView()
  const query = useQuery(serviceMapQuery(scope))
  const drawn = useMemo(() => query.data && drawable(query.data), [query.data])
  const asTable = search.view === 'edges'
  if (query.isPending) return <SkeletonRows rows={16} label="Loading the map" />
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  const map = query.data
  return (
    <>
      <div className="k-toolbar">
        {tabs}
        <SegmentedControl
          aria-label="Map as"
          value={asTable ? 'edges' : 'map'}
          onChange={(value) => patch({ view: value === 'edges' ? 'edges' : undefined }, true)}
          data={[
            { value: 'map', label: 'Picture' },
            { value: 'edges', label: 'Table' },
          ]}
        />
        <span className="quiet" role="status">
          {count(map.nodes.length)} nodes, {count(map.edges.length)} ways between them
          {map.truncated && ', the busiest of more'}
          {!asTable &&
            drawn &&
            drawn !== map &&
            `; drawn: ${count(drawn.edges.length)} that fail or are busiest`}
        </span>
        <span className="grow" />
        <ExportMenu what="spans" scope={scope} disabled={map.nodes.length === 0} />
      </div>
      {asTable ? <EdgeTable edges={map.edges} nodes={map.nodes} /> : <Picture map={drawn ?? map} />}
    </>
  )
}

function Picture({ map }: { map: ServiceMap }) {
  const { search } = useView()
  const keep = travelling(search)
  const [measure, size] = useSize<HTMLDivElement>()
  const [near, setNear] = useState('')
  const placed = useMemo(() => place(map, size.width > 0 && size.width < 700), [map, size.width])
  const busiest = Math.max(1, ...map.edges.map((e) => e.requests))
  const touches = (edge: MapEdge) => near === '' || edge.source === near || edge.target === near
  return (
    <div ref={measure} className="k-scroll sv-map" tabIndex={0} role="region" aria-label="Service map">
      <div style={{ position: 'relative', width: placed.width, height: placed.height }}>
        <svg width={placed.width} height={placed.height} aria-hidden>
          <defs>
            {['line', 'bad'].map((tone) => (
              <marker
                key={tone}
                id={`sv-${tone}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0,0L8,4L0,8z" fill={tone === 'bad' ? 'var(--bad)' : 'var(--text-3)'} />
              </marker>
            ))}
          </defs>
          {placed.edges.map(({ edge, points }) => {
            const bad = fails(edge)
            const middle = points[Math.floor(points.length / 2)]
            const { value, unit } = perTime(edge.rate_per_s)
            return (
              <g key={`${edge.source}\n${edge.target}`} opacity={touches(edge) ? 1 : 0.15}>
                <path
                  d={pathOf(points)}
                  fill="none"
                  stroke={bad ? 'var(--bad)' : 'var(--line-strong)'}
                  // The square root: an edge of a hundredth of the requests is still to be seen.
                  strokeWidth={1 + 4 * Math.sqrt(edge.requests / busiest)}
                  markerEnd={`url(#sv-${bad ? 'bad' : 'line'})`}
                />
                {middle && (
                  <text
                    x={middle.x}
                    y={middle.y - 6}
                    textAnchor="middle"
                    className={bad ? 'sv-edge bad' : 'sv-edge'}
                  >
                    {value}
                    {unit}
                    {bad && ` · ${percent(edge.error_rate)}`}
                  </text>
                )}
              </g>
            )
          })}
        </svg>
        {placed.nodes.map(({ node, x, y }) => (
          <div
            key={node.id}
            className={fails(node) ? 'sv-node error' : 'sv-node'}
            style={{ left: x - NODE.width / 2, top: y - NODE.height / 2, ...NODE }}
            onMouseEnter={() => setNear(node.id)}
            onMouseLeave={() => setNear('')}
          >
            <NodeLabel node={node} keep={keep} onFocus={setNear} />
          </div>
        ))}
      </div>
    </div>
  )
}

function NodeLabel(p: { node: MapNode; keep: ReturnType<typeof travelling>; onFocus: (id: string) => void }) {
  const { node } = p
  const Icon = ICONS[node.kind]
  const hue = node.kind === 'service' ? serviceColour(node.id) : 'var(--text-3)'
  const body = (
    <>
      <span className="sv-name">
        <Icon size={13} aria-hidden style={{ color: hue }} />
        <span className="cut">{node.label || 'unnamed'}</span>
      </span>
      <span className="sv-said">
        <Rate perSecond={node.rate_per_s} /> <ErrorShare share={node.error_rate} /> <Took ms={node.p95_ms} />
      </span>
    </>
  )
  const title = `${node.label}: ${count(node.requests)} requests, ${percent(node.error_rate)} failed`
  if (node.kind !== 'service')
    return (
      <div className="sv-inner" title={`${title}. It sends no spans of its own; seen by those that ask it.`}>
        {body}
      </div>
    )
  return (
    <Link
      className="sv-inner"
      to="/services/$service"
      params={{ service: node.id }}
      search={p.keep}
      title={title}
      onFocus={() => p.onFocus(node.id)}
      onBlur={() => p.onFocus('')}
    >
      {body}
    </Link>
  )
}
