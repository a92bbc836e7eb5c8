import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, ListTree } from 'lucide-react'
import { logRecordQuery } from '@/api/logQueries'
import type { LogRow } from '@/api/types'
import { CopyButton, CopyId } from '@/kit/Copy'
import { Drawer } from '@/kit/Drawer'
import { is, printTerm } from '@/kit/filter'
import { durationText } from '@/kit/format'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { Key } from '@/kit/Key'
import { isoToMs } from '@/kit/time'
import { Value } from '@/kit/Value'
import { ClockTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { TraceErrors } from '../errors/TraceErrors'
import { parseRecordKey, recordKey } from './columns'
import { LogContext } from './LogContext'
import { type Whole } from '@/kit/WholeText'
import { BodyText, looksLong, WholeText } from './LogText'
import { Severity } from './severity'

interface Props {
  sel: string
  rows: LogRow[]
  onSelect: (row: LogRow) => void
}

/** One record whole: body, trace, attributes, resource; or the lines around it. */
export function LogDrawer({ sel, rows, onSelect }: Props) {
  const { scope, search, patch } = useView()
  const { time, id } = parseRecordKey(sel)
  const listed = rows.find((row) => row.id === id && row.time === time)
  const fetched = useQuery({
    ...logRecordQuery(scope.project, time, id),
    enabled: !listed && time !== '',
  })
  const row = listed ?? fetched.data
  const tab = search.tab === 'context' ? 'context' : 'record'
  const close = () => patch({ sel: undefined, tab: undefined, lines: undefined }, true)
  return (
    <Drawer
      label="Log record"
      title={
        row ? (
          <span className="row">
            <Severity row={row} />
            <span className="cut">{row.service || 'unknown service'}</span>
          </span>
        ) : (
          'Log record'
        )
      }
      actions={row && <CopyButton text={JSON.stringify(row, null, 2)} label="Copy the record as JSON" />}
      onClose={close}
    >
      {row ? (
        <>
          <div className="k-toolbar">
            <SegmentedControl
              aria-label="What to show"
              value={tab}
              onChange={(value) => patch({ tab: value === 'context' ? 'context' : undefined }, true)}
              data={[
                { value: 'record', label: 'Record' },
                { value: 'context', label: 'Context' },
              ]}
            />
          </div>
          {tab === 'context' ? (
            <LogContext key={recordKey(row)} row={row} onSelect={onSelect} />
          ) : (
            <Record key={recordKey(row)} row={row} />
          )}
        </>
      ) : fetched.isError ? (
        <Failure error={fetched.error} retry={() => void fetched.refetch()} />
      ) : fetched.isPending && time ? (
        <SkeletonRows rows={14} label="Loading the record" />
      ) : (
        <Empty title="This record is not here">
          <p>It may be older than the project keeps logs, or belong to another project.</p>
        </Empty>
      )}
    </Drawer>
  )
}

function Record({ row }: { row: LogRow }) {
  const { search, scope } = useView()
  const keep = { project: search.project, from: search.from, to: search.to }
  const late = row.observed_time ? isoToMs(row.observed_time) - isoToMs(row.time) : null
  const wholeOf = (field: string): Whole | undefined => {
    const length = row.truncated[field]
    return length === undefined
      ? undefined
      : { length, path: `/logs/${row.id}/value`, query: { project: scope.project, time: row.time, field } }
  }
  return (
    <div className="k-scroll" tabIndex={0} role="region" aria-label="Record">
      <BodyText text={row.body} whole={wholeOf('body')} />
      {row.trace_id && row.severity_number >= 17 && (
        <TraceErrors project={scope.project} traceId={row.trace_id} />
      )}
      {row.trace_id && (
        <div className="logs-jump">
          <Button
            component={Link}
            to="/traces/$traceId"
            params={{ traceId: row.trace_id } as never}
            search={{ project: search.project, span: row.span_id || undefined } as never}
            leftSection={<Activity size={13} aria-hidden />}
          >
            {row.span_id ? 'Open its span' : 'Open its trace'}
          </Button>
          <Button
            component={Link}
            to="/logs"
            search={{ ...keep, q: printTerm(is('trace_id', row.trace_id)) } as never}
            leftSection={<ListTree size={13} aria-hidden />}
          >
            Logs of this trace
          </Button>
        </div>
      )}
      <dl className="k-dl">
        <dt>Time</dt>
        <dd className="mono">
          <ClockTime iso={row.time} date />
        </dd>
        {row.observed_time && (
          <>
            <dt>Observed</dt>
            <dd className="mono">
              <ClockTime iso={row.observed_time} date />
              {late !== null && late >= 1 && <span className="quiet"> {durationText(late)} later</span>}
            </dd>
          </>
        )}
        <dt>Severity</dt>
        <dd>
          {row.severity ? (
            <Value k="severity" v={row.severity} signal="logs" />
          ) : (
            <span className="quiet">none</span>
          )}
          <span className="unit"> {row.severity_number || 'no number'}</span>
        </dd>
        {row.event_name && (
          <>
            <dt>Event</dt>
            <dd>
              <Value k="event_name" v={row.event_name} signal="logs" />
            </dd>
          </>
        )}
        {row.trace_id && (
          <>
            <dt>Trace</dt>
            <dd>
              <CopyId id={row.trace_id} label="trace id" />
            </dd>
          </>
        )}
        {row.span_id && (
          <>
            <dt>Span</dt>
            <dd>
              <CopyId id={row.span_id} label="span id" />
            </dd>
          </>
        )}
      </dl>
      <AttributeSection
        title="Attributes"
        prefix=""
        values={row.attributes}
        wholeOf={(key) => wholeOf(`attributes.${key}`)}
      />
      <AttributeSection
        title="Resource"
        prefix="resource."
        values={row.resource_attributes}
        wholeOf={(key) => wholeOf(`resource.${key}`)}
      />
    </div>
  )
}

function AttributeSection(props: {
  title: string
  prefix: string
  values: Record<string, string>
  wholeOf: (key: string) => Whole | undefined
}) {
  const entries = Object.entries(props.values ?? {}).sort(([a], [b]) => a.localeCompare(b))
  return (
    <section className="logs-attributes">
      <h3>
        {props.title} <span className="unit">{entries.length}</span>
      </h3>
      {entries.length === 0 ? (
        <p className="quiet">None were sent.</p>
      ) : (
        <dl className="k-dl">
          {entries.map(([key, value]) => (
            <div key={key} className={looksLong(value) ? 'logs-attribute long' : 'logs-attribute'}>
              <dt title={key}>
                <Key name={key} />
              </dt>
              <dd>
                {looksLong(value) ? (
                  <WholeText text={value} label={key} whole={props.wholeOf(key)} />
                ) : (
                  <Value k={props.prefix + key} v={value} signal="logs" />
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
