import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { AlertOctagon, AlertTriangle, Check } from 'lucide-react'
import { serverQuery } from '@/api/healthQueries'
import type { ServerReport } from '@/api/types'
import { bytes, compact, count, counted, durationText } from '@/kit/format'
import { Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'

const LOOK_EVERY_MS = 15_000

/** How the server itself is: for whoever runs it. */
export function OwnHealth() {
  const { search } = useView()
  const server = useQuery({ ...serverQuery, refetchInterval: LOOK_EVERY_MS })
  if (server.isPending) return <SkeletonRows rows={14} label="Asking the server" />
  if (!server.data) return <Failure error={server.error} retry={() => void server.refetch()} />
  const { data } = server
  return (
    <section>
      <h2>The server’s own health</h2>
      <p className="quiet">
        The same for Prometheus: <a href="/metrics">/metrics</a>. What of it needs attention is told on{' '}
        <Link to="/health" search={travelling(search) as never}>
          Health
        </Link>
        .
      </p>
      <Checks checks={data.checks} />
      <dl className="k-dl settings-about">
        {facts(data).map(([name, value]) => (
          <div key={name} className="settings-pair">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div className="settings-pair">
          <dt>Running since</dt>
          <dd>
            <RelativeTime iso={data.started_at} />
          </dd>
        </div>
      </dl>
      <h2>Tables of the store</h2>
      <p className="quiet">
        Each insert is a part, and merges make few of many; a day of a table in hundreds of parts means that
        they fall behind. {work(data.engine)}
      </p>
      <div className="settings-wide">
        <table aria-label="Tables of the store">
          <thead>
            <tr>
              <th>Table</th>
              <th className="num">Rows</th>
              <th className="num">Size</th>
              <th className="num">Parts</th>
              <th className="num">Most in a day</th>
            </tr>
          </thead>
          <tbody>
            {data.engine.tables.map((table) => (
              <tr key={table.table}>
                <td className="mono">{table.table}</td>
                <td className="num">{count(table.rows)}</td>
                <td className="num">{bytes(table.bytes)}</td>
                <td className="num">{count(table.parts)}</td>
                <td className="num">{count(table.fullest_partition)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>Data directory</h2>
      <div className="settings-wide">
        <table aria-label="Data directory">
          <thead>
            <tr>
              <th>Entry</th>
              <th className="num">Size</th>
            </tr>
          </thead>
          <tbody>
            {data.data.map((part) => (
              <tr key={part.name}>
                <td className="mono">{part.name}</td>
                <td className="num">
                  {part.complete ? '' : 'more than '}
                  {bytes(part.bytes)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function facts(data: ServerReport): [string, string][] {
  const { process, queue, disk } = data
  const failures = Object.values(data.query_failures).reduce((sum, n) => sum + n, 0)
  return [
    ['Version', data.version],
    ['Ports', `HTTP ${data.http_port}, gRPC ${data.grpc_port ?? 'off'}`],
    ['Memory', `${bytes(process.memory_bytes)} of ${bytes(process.memory_limit_bytes)}`],
    ['CPU', `${compact(process.cpu_percent)} % of one CPU since the start, ${process.threads} threads`],
    [
      'Disk',
      `${compact(disk.used_percent)} % in use; ingest pauses at ${compact(disk.full_percent)} %` +
        (disk.full_in_s === null ? '' : `, in ${durationText(disk.full_in_s * 1000)} at the present rate`),
    ],
    ['Waiting records', `${count(queue.waiting)} of ${count(queue.limit)}`],
    ['Questions without an answer', `${count(failures)} in the last 15 min`],
    ['Store', data.store === 'embedded' ? 'embedded ClickHouse (chDB)' : 'a ClickHouse server'],
    ['Catalog', data.catalog === 'sqlite' ? 'SQLite in the data directory' : 'PostgreSQL'],
  ]
}

const work = (engine: ServerReport['engine']): string =>
  `Now: ${counted(engine.running, 'statement')}, ${counted(engine.merges, 'merge')} and ` +
  `${counted(engine.mutations, 'change')} of retention are under way. ` +
  ' What is past its retention goes with merges, at least hourly.'

const SAID = {
  ok: { icon: Check, tone: 'ok' },
  warning: { icon: AlertTriangle, tone: 'warn' },
  problem: { icon: AlertOctagon, tone: 'error' },
}

/** What `tapetum doctor` says of the machine and the directory. */
function Checks({ checks }: { checks: ServerReport['checks'] }) {
  return (
    <ul className="settings-checks" aria-label="What tapetum doctor says">
      {checks.map((check) => {
        const { icon: Icon, tone } = SAID[check.outcome]
        return (
          <li key={check.name}>
            <span className={`k-badge ${tone}`}>
              <Icon size={13} aria-hidden /> {check.name}: {check.outcome}
            </span>{' '}
            <span className="quiet">{check.found}</span>
            {check.fix && <div>{check.fix}</div>}
          </li>
        )
      })}
    </ul>
  )
}
