/** What is on the disk, how fast it grows, and what happens when there is no room. */
import { useQuery } from '@tanstack/react-query'
import { AlertTriangle, CheckCircle2 } from 'lucide-react'
import { storageQuery } from '@/api/adminQueries'
import type { Disk, StoredRow } from '@/api/types'
import { bytes, count } from '@/kit/format'
import { useNow } from '@/kit/hooks'
import { Empty, Failure, SkeletonRows } from '@/kit/states'

const DAY_MS = 86_400_000

export function Storage() {
  const query = useQuery(storageQuery)
  return (
    <section>
      <h2>Storage</h2>
      {query.isPending ? (
        <SkeletonRows rows={6} label="Measuring" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <>
          {query.data.disk && <DiskGuard disk={query.data.disk} />}
          {query.data.stored.length ? (
            <Stored rows={query.data.stored} />
          ) : (
            <Empty title="Nothing is stored yet">
              <p>As soon as something arrives, this says how much room it takes and for how long.</p>
            </Empty>
          )}
        </>
      )}
    </section>
  )
}

function DiskGuard({ disk }: { disk: Disk }) {
  const now = useNow()
  const left = disk.full_at === null ? null : Date.parse(disk.full_at) - now
  const soon = disk.paused || (left !== null && left < 7 * DAY_MS)
  const used = Math.min(100, disk.used_percent)
  return (
    <div className="settings-disk">
      <div
        className={soon ? 'settings-meter soon' : 'settings-meter'}
        role="meter"
        aria-label="Disk in use"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(used)}
        aria-valuetext={`${Math.round(used)} % in use; ingest pauses at ${disk.full_percent} %`}
      >
        <div style={{ width: `${used}%` }} />
        <i style={{ left: `${disk.full_percent}%` }} title={`Ingest pauses at ${disk.full_percent} %`} />
      </div>
      <p className={soon ? 'settings-warn' : ''} role="status">
        {soon ? <AlertTriangle size={14} aria-hidden /> : <CheckCircle2 size={14} aria-hidden />}{' '}
        {disk.paused ? (
          <>
            <strong>Ingest is paused:</strong> the disk is {Math.round(disk.used_percent)} % full, and the
            limit is {disk.full_percent} %. Senders are told to try again; nothing acknowledged is lost. Make
            room, or shorten retention.
          </>
        ) : (
          <>
            {Math.round(disk.used_percent)} % of the disk is in use
            {disk.free_bytes !== null && `, ${bytes(disk.free_bytes)} are free`}. At {disk.full_percent} %
            ingest pauses: senders are told to try again. {ahead(disk, left)}
          </>
        )}
      </p>
    </div>
  )
}

function ahead(disk: Disk, left: number | null): string {
  if (!disk.bytes_per_day) return 'Nothing arrived in the last 24 hours.'
  const rate = `At ${bytes(disk.bytes_per_day)} a day, as in the last 24 hours,`
  if (left === null) return `${rate} retention keeps the disk below that.`
  const days = left / DAY_MS
  return `${rate} that is in ${days < 2 ? `${Math.max(0, Math.round(days * 24))} hours` : `${Math.round(days)} days`}.`
}

function Stored({ rows }: { rows: StoredRow[] }) {
  return (
    <div className="settings-wide" role="region" aria-label="Stored by project and signal" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Project</th>
            <th scope="col">Signal</th>
            <th scope="col" className="num">
              On disk
            </th>
            <th scope="col" className="num">
              Rows
            </th>
            <th scope="col" className="num">
              Added a day
            </th>
            <th scope="col">Oldest</th>
            <th scope="col" className="num">
              Kept
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.project} ${row.signal}`}>
              <td>{row.project}</td>
              <td>{row.signal}</td>
              <td className="num">{bytes(row.bytes)}</td>
              <td className="num">{count(row.rows)}</td>
              <td className="num">
                {row.rows_per_day ? bytes(row.bytes_per_day) : <span className="quiet">nothing</span>}
              </td>
              <td className="quiet">{row.oldest?.slice(0, 10)}</td>
              <td className="num">
                {row.retention_days}
                <span className="unit">d</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
