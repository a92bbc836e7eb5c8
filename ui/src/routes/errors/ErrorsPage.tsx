import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { errorQuery, errorsQuery } from '@/api/errorQueries'
import { infoQuery } from '@/api/queries'
import type { ErrorRow } from '@/api/types'
import { NothingFound } from '@/kit/NothingFound'
import { DataTable } from '@/kit/DataTable'
import { Drawer } from '@/kit/Drawer'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { counted } from '@/kit/format'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { Failure, SkeletonRows, Snippet, unanswered } from '@/kit/states'
import { useFacets } from '@/kit/useFacets'
import { useRows } from '@/kit/useRows'
import { travelling, useView } from '@/kit/view'
import { ERROR_COLUMNS, ERROR_KEYS } from './columns'
import { ErrorChart } from './ErrorChart'
import { ErrorTitle } from './ErrorTitle'
import { Began } from './facts'
import { StackTrace } from './StackTrace'
import './errors.css'

const DEFAULT_SORT = '-last_seen'
const LIVE_MS = 5_000

/** Every error once, however often it occurs: what, where, how often, since when, in which versions. */
export function ErrorsPage() {
  const { search, scope, live, patch, setQ } = useView()
  const navigate = useNavigate()
  const sort = search.sort ?? DEFAULT_SORT
  const { facets, show } = useFacets('errors')
  const list = useInfiniteQuery({ ...errorsQuery(scope, sort), refetchInterval: live ? LIVE_MS : false })
  const { rows, ...pages } = useRows(list)
  const select = useCallback((r: ErrorRow) => patch({ sel: r.fingerprint }, true), [patch])
  const open = useCallback(
    (r: { fingerprint: string }) =>
      void navigate({
        to: '/errors/$fingerprint',
        params: { fingerprint: r.fingerprint },
        search: (old) => travelling(old),
      }),
    [navigate],
  )
  return (
    <Page title="Errors">
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="errors"
            keys={ERROR_KEYS}
            placeholder="Filter: service:web type:TimeoutError handled:false, or words"
            onChange={setQ}
          />
        }
        chart={
          <>
            <ErrorChart scope={scope} live={live} />
            <Outside signal="errors" scope={scope} />
          </>
        }
        facets={facets}
        drawer={
          search.sel && (
            <Preview
              key={search.sel}
              fingerprint={search.sel}
              onClose={() => patch({ sel: undefined }, true)}
            />
          )
        }
      >
        <div className="k-toolbar">
          {show}
          <span className="quiet" role="status">
            {list.data ? counted(rows.length, 'error', list.hasNextPage) : ''}
          </span>
          <span className="grow" />
          <ExportMenu
            what="errors"
            scope={scope}
            disabled={rows.length === 0}
            about="Every occurrence of this filter and time"
          />
        </div>
        {unanswered(list, 20, 'Loading errors') ??
          (rows.length === 0 ? (
            <NoErrors filtered={scope.q !== ''} />
          ) : (
            <DataTable
              label="Errors"
              columns={ERROR_COLUMNS}
              rows={rows}
              rowKey={keyOf}
              selected={search.sel}
              onSelect={select}
              onOpen={open}
              tone={toneOf}
              sort={sort}
              onSort={(next) => patch({ sort: next }, true)}
              {...pages}
            />
          ))}
      </Explorer>
    </Page>
  )
}

const keyOf = (row: ErrorRow) => row.fingerprint
const toneOf = (row: ErrorRow) => (row.is_new ? 'error' : '')

/** Enough of one error to decide whether to open it. */
function Preview({ fingerprint, onClose }: { fingerprint: string; onClose: () => void }) {
  const { scope, search } = useView()
  const query = useQuery(errorQuery(scope, fingerprint))
  return (
    <Drawer label="Error" title={query.data ? <ErrorTitle of={query.data} /> : 'Error'} onClose={onClose}>
      {query.isPending ? (
        <SkeletonRows rows={14} label="Loading the error" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <div className="k-scroll er-preview" tabIndex={0} role="region" aria-label="Error in short">
          <Began report={query.data} />
          <div className="row">
            <Button
              component={Link}
              to="/errors/$fingerprint"
              params={{ fingerprint } as never}
              search={travelling(search) as never}
            >
              Open the error
            </Button>
            <span className="quiet">Enter</span>
          </div>
          <StackTrace report={query.data} />
        </div>
      )}
    </Drawer>
  )
}

function NoErrors({ filtered }: { filtered: boolean }) {
  const { scope } = useView()
  const info = useQuery(infoQuery)
  const project = scope.project === 'default' ? '' : ` --project ${scope.project}`
  const url = info.data?.otlp_http ?? location.origin
  return (
    <NothingFound what="errors" filtered={filtered}>
      <p>
        Exceptions on spans and in logs, failed spans and log records of level error come here by themselves.
        To see one:
      </p>
      <Snippet
        label="example"
        text={`python -c 'open("/no/such/file")' 2>&1 | tapetum logs send --url ${url}${project} -`}
      />
    </NothingFound>
  )
}
