/** Who took part in a trace: agents, models, tools and graph nodes, with their loops, costs and the critical path. */
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { agentGraphQuery } from '@/api/conversationQueries'
import type { AgentGraph, GraphNode } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { compact, count, counted, durationText, usd } from '@/kit/format'
import { useSize } from '@/kit/hooks'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { pathOf } from '../../services/layout'
import { KindIcon } from '../KindIcon'
import { BOX, layWithin } from './graphLayout'
import './conversation.css'

interface Props {
  project: string
  traceId: string
  running: boolean
  onSelect: (spanId: string) => void
}

export function GraphView(p: Props) {
  const query = useQuery(agentGraphQuery(p.project, p.traceId, p.running))
  if (query.isPending) return <SkeletonRows rows={12} label="Loading the graph" />
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!query.data.nodes.length)
    return (
      <Empty title="No agent, model or tool took part in this trace">
        <p>Nodes are made of spans whose kind is known, such as llm, agent, tool or retriever.</p>
      </Empty>
    )
  return <Drawn graph={query.data} onSelect={p.onSelect} />
}

function Drawn({ graph, onSelect }: { graph: AgentGraph; onSelect: (spanId: string) => void }) {
  const [measure, size] = useSize<HTMLDivElement>()
  const [chosen, setChosen] = useState('')
  const laid = useMemo(() => layWithin(graph, size.width), [graph, size.width])
  const node = graph.nodes.find((one) => one.id === chosen)
  return (
    <div ref={measure} className="k-scroll" tabIndex={0} role="region" aria-label="Graph">
      <p className="c-facts" style={{ padding: '4px 16px 0' }}>
        <span>
          {counted(graph.nodes.length, 'node')}; a solid line calls, a dashed one comes after; <b>×n</b> is
          how often
        </span>
        <span>
          <i className="c-dot" style={{ background: 'var(--accent)' }} aria-hidden /> the trace waited for it
        </span>
        {graph.truncated && <span>The trace has more than a graph holds: this is the beginning of it.</span>}
      </p>
      {node && <Chosen node={node} whole={graph.duration_ms} onSelect={onSelect} />}
      <div className="c-graph" style={{ width: laid.width, height: laid.height }}>
        <svg width={laid.width} height={laid.height} aria-hidden>
          <defs>
            {['line', 'path'].map((tone) => (
              <marker
                key={tone}
                id={`c-${tone}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0,0L8,4L0,8z" fill={tone === 'path' ? 'var(--accent)' : 'var(--text-3)'} />
              </marker>
            ))}
          </defs>
          {laid.edges.map(({ edge, points }, i) => {
            const middle = points[Math.floor(points.length / 2)]
            const near = !chosen || edge.source === chosen || edge.target === chosen
            return (
              <g key={i} opacity={near ? 1 : 0.2}>
                <path
                  d={pathOf(points)}
                  fill="none"
                  stroke={edge.critical ? 'var(--accent)' : 'var(--line-strong)'}
                  strokeDasharray={edge.type === 'then' ? '4 4' : undefined}
                  markerEnd={`url(#c-${edge.critical ? 'path' : 'line'})`}
                />
                {middle && edge.count > 1 && (
                  <text x={middle.x} y={middle.y - 5} textAnchor="middle" className="c-edge">
                    ×{count(edge.count)}
                  </text>
                )}
              </g>
            )
          })}
        </svg>
        {laid.nodes.map(({ node: one, x, y }) => (
          <button
            type="button"
            key={one.id}
            className={`plain c-node${one.path_ms > 0 ? ' path' : ''}${one.errors ? ' error' : ''}`}
            style={{ left: x - BOX.width / 2, top: y - BOX.height / 2, ...BOX }}
            aria-pressed={one.id === chosen}
            onClick={() => setChosen(one.id === chosen ? '' : one.id)}
          >
            <span className="row">
              <KindIcon kind={one.kind} spanKind="internal" service="" />
              <b className="cut">
                <Isolated text={one.label || 'unnamed'} />
              </b>
              {one.count > 1 && <span>×{count(one.count)}</span>}
            </span>
            <small>
              {durationText(one.duration_ms)}
              {one.path_ms > 0 && `, waited ${durationText(one.path_ms)}`}
              {one.errors > 0 && `, ${counted(one.errors, 'error')}`}
            </small>
            <small>{used(one)}</small>
          </button>
        ))}
      </div>
    </div>
  )
}

function used(node: GraphNode): string {
  const tokens = node.input_tokens === null && node.output_tokens === null
  return [
    !tokens && `${compact((node.input_tokens ?? 0) + (node.output_tokens ?? 0))} tokens`,
    node.cost_usd !== null && usd(node.cost_usd),
  ]
    .filter(Boolean)
    .join(', ')
}

function Chosen(p: { node: GraphNode; whole: number; onSelect: (spanId: string) => void }) {
  const { node } = p
  return (
    <section className="c-panel" aria-label="Chosen node">
      <p className="c-facts">
        <b>
          <Isolated text={node.label || 'unnamed'} />
        </b>
        <span>{counted(node.count, 'span')}</span>
        {node.repeats > 0 && <span>{counted(node.repeats, 'time')} straight after itself</span>}
        <span>
          {durationText(node.own_ms)} <span className="unit">own time</span>
        </span>
        <span>
          {durationText(node.path_ms)} <span className="unit">of {durationText(p.whole)} waited for</span>
        </span>
        <span>{used(node)}</span>
      </p>
      <p className="c-actions">
        {node.span_ids.slice(0, 40).map((id, i) => (
          <button type="button" className="plain c-more" key={id} onClick={() => p.onSelect(id)}>
            span {i + 1}
          </button>
        ))}
        {node.count > 40 && <span className="quiet">the first 40 of {count(node.count)}</span>}
      </p>
    </section>
  )
}
