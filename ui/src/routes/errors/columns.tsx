import type { ErrorRow } from '@/api/types'
import { serviceColour } from '@/kit/colour'
import type { Column } from '@/kit/DataTable'
import { compact, count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Sparkline } from '@/kit/Sparkline'
import { Value } from '@/kit/Value'
import { RelativeTime } from '@/kit/values'
import { ErrorTitle } from './ErrorTitle'
import { NewBadge, Versions } from './facts'

/** Keys that the filter completes besides attributes. */
export const ERROR_KEYS = [
  'service',
  'type',
  'culprit',
  'version',
  'environment',
  'handled',
  'source',
  'severity',
  'name',
  'message',
  'template',
  'user_id',
  'trace_id',
  'fingerprint',
]

/** `Timeout` of `requests.exceptions.Timeout`: a row is for recognising; the whole name is under the pointer. */
const shortType = (type: string) => type.split(/[.:/]/).at(-1) || type

export const ERROR_COLUMNS: Column<ErrorRow>[] = [
  {
    id: 'error',
    header: 'Error',
    width: 250,
    grow: 5,
    render: (r) => (
      <span className="er-title">
        {r.is_new && <NewBadge />}
        <b className="cut" title={r.title}>
          <ErrorTitle of={{ ...r, type: shortType(r.type) }} />
        </b>
        {r.culprit && r.message && (
          <span className="quiet cut" title={r.culprit}>
            <Isolated text={r.culprit} />
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'service',
    header: 'Service',
    width: 96,
    priority: 3,
    render: (r) => (
      <span className="row" style={{ gap: 6 }}>
        <i className="er-dot" style={{ background: serviceColour(r.services[0] ?? '') }} aria-hidden />
        <Value k="service" v={r.services[0] ?? ''} signal="errors" tab={false} />
        {r.services.length > 1 && <span className="quiet">+{r.services.length - 1}</span>}
      </span>
    ),
  },
  {
    id: 'trend',
    header: <span className="sr-only">Over time</span>,
    width: 84,
    priority: 4,
    render: (r) => <Sparkline label={`${count(r.count)} times`} values={r.trend} colour="var(--bad)" />,
  },
  {
    id: 'count',
    header: 'Count',
    width: 56,
    align: 'right',
    sort: { desc: '-count' },
    render: (r) => <b title={`${count(r.count)} in this time`}>{compact(r.count)}</b>,
  },
  {
    id: 'users',
    header: 'Users',
    width: 50,
    align: 'right',
    priority: 6,
    sort: { desc: '-users' },
    render: (r) => (r.users ? compact(r.users) : <span className="quiet">–</span>),
  },
  {
    id: 'versions',
    header: 'Versions',
    width: 84,
    priority: 5,
    render: (r) => <Versions of={r} />,
  },
  {
    id: 'first',
    header: 'First seen',
    width: 82,
    align: 'right',
    priority: 2,
    sort: { desc: '-first_seen' },
    render: (r) => <RelativeTime iso={r.first_seen} />,
  },
  {
    id: 'last',
    header: 'Last seen',
    width: 82,
    align: 'right',
    priority: 1,
    sort: { desc: '-last_seen' },
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
]
