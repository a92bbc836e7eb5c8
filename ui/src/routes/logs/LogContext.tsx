import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { logContextQuery } from '@/api/logQueries'
import type { LogRow } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { usePref } from '@/kit/prefs'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { ClockTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { oneLine } from './columns'
import { Severity } from './severity'

const SIZES = ['5', '20', '100']

/** The record itself starts in the middle. */
function centre(node: HTMLElement | null) {
  node?.scrollIntoView({ block: 'center' })
}

/** What was said just before and after, by the same service or by all, whatever the filter hides. */
export function LogContext({ row, onSelect }: { row: LogRow; onSelect: (row: LogRow) => void }) {
  const { scope, search, patch } = useView()
  const [who, setWho] = usePref('log-context', 'service')
  const lines = SIZES.includes(search.lines ?? '') ? search.lines! : '20'
  const q = who === 'service' && row.service ? printTerm(is('service', row.service)) : ''
  const query = useQuery(logContextQuery(scope.project, row, isoToMs(row.time), q, Number(lines)))
  return (
    <>
      <div className="k-toolbar">
        <SegmentedControl
          aria-label="Lines before and after"
          value={lines}
          onChange={(value) => patch({ lines: value === '20' ? undefined : value }, true)}
          data={SIZES.map((n) => ({ value: n, label: `±${n}` }))}
        />
        <SegmentedControl
          aria-label="Lines of"
          value={who}
          onChange={setWho}
          data={[
            { value: 'service', label: row.service ? `Only ${row.service.slice(0, 24)}` : 'Service' },
            { value: 'all', label: 'All services' },
          ]}
        />
      </div>
      {query.isPending ? (
        <SkeletonRows rows={16} label="Loading the lines around it" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.length < 2 ? (
        <NotEnoughData title="This is the only record within a day">
          <p>
            {who === 'service' && row.service
              ? `${row.service} logged nothing else from 24 h before to 24 h after. Try all services.`
              : 'Nothing else was logged from 24 h before to 24 h after.'}
          </p>
        </NotEnoughData>
      ) : (
        <ol className="k-scroll logs-context" aria-label="Lines around the record">
          {query.data.map((line) => (
            <li
              key={`${line.time}~${line.id}`}
              aria-current={line.id === row.id}
              ref={line.id === row.id ? centre : undefined}
            >
              <button type="button" className="plain" onClick={() => onSelect(line)}>
                <span className="mono quiet">
                  <ClockTime iso={line.time} />
                </span>
                <Severity row={line} />
                {who === 'all' && <span className="cut logs-context-service">{line.service}</span>}
                <span className="mono cut grow logs-body">{oneLine(line.body) || line.event_name}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}
