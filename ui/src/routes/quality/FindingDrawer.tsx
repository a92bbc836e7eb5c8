import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { acceptFeature, ALL_ROWS, subjectsQuery, type Subject } from '@/api/qualityQueries'
import type { Finding } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { ChangedThen } from '@/kit/ChangedThen'
import { Drawer } from '@/kit/Drawer'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { rowsQ, timeOf } from './findings'
import { Reason } from './Reason'

/** One finding: what is wrong, how much of it, the rows, and both ways on. */
export function FindingDrawer(p: { row: Finding; subject: Subject; schema: number; onClose: () => void }) {
  const { row, subject } = p
  const { search } = useView()
  const within = travelling(search)
  const kept = useQuery({ ...subjectsQuery(subject.project), enabled: row.detector === 'skew' })
  const trained = kept.data?.rows.find((one) => one.dataset.startsWith(`${row.subject}/`))?.dataset
  return (
    <Drawer label="Finding" title={<Isolated text={row.feature} />} onClose={p.onClose}>
      <div className="k-scroll dq-whole" tabIndex={0} role="region" aria-label="Finding in full">
        <Reason of={{ ...row, description: row.evidence, values: row.offending }} />
        <p>
          <ChangedThen from={isoToMs(row.first_seen)} to={isoToMs(row.first_seen) + 1} />
        </p>
        <p>
          <Link
            to="/models/one"
            search={{
              ...within,
              ...timeOf(row),
              q: [within.q, rowsQ(row)].filter(Boolean).join(' '),
              name: row.subject,
              view: 'predictions',
            }}
          >
            {row.rows === 1 ? 'The prediction' : `The ${count(row.rows)} predictions`}
          </Link>{' '}
          <span className="quiet">
            of {counted(row.examples, 'prediction')} in {counted(row.windows, 'window')} of five minutes
          </span>
        </p>
        <p>
          <Link
            to="/models/one"
            search={{ ...within, name: row.subject, view: 'slices', version: row.version || undefined }}
          >
            Slices
          </Link>{' '}
          <span className="quiet">says whether answers got worse anywhere, as far as labels have come.</span>
        </p>
        {row.detector !== 'schema' && (
          <p>
            <Link
              to="/models/one"
              search={{
                ...within,
                name: row.subject,
                view: 'drift',
                version: row.version || undefined,
                base: baseOf(row, trained),
              }}
            >
              Drift
            </Link>{' '}
            <span className="quiet">says which values moved, since when, and in which slices.</span>
          </p>
        )}
        <Accept {...p} />
        <table className="dq-numbers" aria-label="The finding in numbers">
          <tbody>
            {facts(row).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Drawer>
  )
}

/** What the page Drift holds it against: a drift is from the day before, a skew from the training data. */
const baseOf = (row: Finding, trained: string | undefined): string | undefined =>
  row.detector === 'drift' ? 'day' : trained && `data:${trained}`

const facts = (row: Finding) =>
  [
    ['Model', <Isolated text={`${row.subject}${row.version ? `, version ${row.version}` : ''}`} />],
    ['First', <RelativeTime iso={row.first_seen} />],
    ['Last', <RelativeTime iso={row.last_seen} />],
    ['Now', row.current ? 'still so in the newest predictions' : 'over: the newest predictions are fine'],
    ...(row.value === null
      ? []
      : [['Measured', `${row.value.toPrecision(3)}, allowed ${row.threshold?.toPrecision(3)}`]]),
    ['Held against', `schema version ${row.schema_version}`],
  ] as const

function Accept({ row, subject, schema }: { row: Finding; subject: Subject; schema: number }) {
  const { patch } = useView()
  const admin = useAdmin()
  const client = useQueryClient()
  const accept = useMutation({
    mutationFn: () =>
      acceptFeature({ ...subject, version: row.version, slice: ALL_ROWS, ...timeOf(row) }, row.feature),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: ['/data-schemas', subject.project] })
      void client.invalidateQueries({ queryKey: ['/data-schemas/validate', subject.project] })
      if (kept.version > schema)
        patch({
          model: row.subject,
          view: 'schema',
          version: String(kept.version),
          against: String(schema),
          sel: undefined,
        })
    },
  })
  if (!row.acceptable) return null
  if (!admin)
    return (
      <p className="quiet">
        To accept it into the schema takes a key with the <span className="mono">admin</span> scope.
      </p>
    )
  return (
    <>
      <p>
        <Button variant="default" loading={accept.isPending} onClick={() => accept.mutate()}>
          Accept this change
        </Button>{' '}
        <span className="quiet">keeps version {schema + 1} of the schema and shows what differs.</span>
      </p>
      {accept.isError && <Failure error={accept.error} />}
      {accept.isSuccess && accept.data.version <= schema && (
        <p role="status">The schema stayed as it is: it holds this already.</p>
      )}
    </>
  )
}
