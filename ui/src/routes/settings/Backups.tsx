/** Backups of the whole server: which there are, how old the last one is, and one more now. */
import { Button, Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { AlertTriangle, CheckCircle2, DatabaseBackup, Download, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { backupsQuery, deleteBackup, startBackup } from '@/api/adminQueries'
import { apiUrl } from '@/api/client'
import type { BackupRow, BackupStatus } from '@/api/types'
import { bytes, count } from '@/kit/format'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { FormError } from './FormError'

const OLD_S = 7 * 86_400

export function Backups() {
  const query = useQuery(backupsQuery)
  const client = useQueryClient()
  const [leaving, setLeaving] = useState<BackupRow>()
  const start = useMutation({
    mutationFn: startBackup,
    onSuccess: (status) => client.setQueryData(backupsQuery.queryKey, status),
  })
  const status = query.data
  return (
    <section className="settings-backups">
      <div className="settings-head">
        <h2>Backups</h2>
        <span className="grow" />
        {status && !status.elsewhere && (
          <Button
            leftSection={<DatabaseBackup size={13} aria-hidden />}
            disabled={status.running}
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            Back up now
          </Button>
        )}
      </div>
      {query.isPending ? (
        <SkeletonRows rows={3} label="Loading backups" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.elsewhere ? (
        <p>{query.data.elsewhere}</p>
      ) : (
        <>
          <Standing status={query.data} />
          <FormError error={start.error} />
          {query.data.backups.length ? (
            <List rows={query.data.backups} onDelete={setLeaving} />
          ) : (
            <Empty title="There are no backups">
              <p>
                A backup holds the telemetry of all projects, keys, dashboards and monitors. It will lie in{' '}
                {query.data.directory}. For one each night, in a crontab:
              </p>
              <Snippet label="crontab" text="0 3 * * * tapetum backup --keep 7" />
            </Empty>
          )}
        </>
      )}
      {leaving && <Delete row={leaving} onClose={() => setLeaving(undefined)} />}
    </section>
  )
}

function Standing({ status }: { status: BackupStatus }) {
  const last = status.backups.find((row) => row.state === 'complete')
  if (!status.running && !status.failure && !last) return null
  const bad = status.failure !== null || !last || last.age_s > OLD_S
  return (
    <p className={bad && !status.running ? 'settings-warn' : 'quiet'} role="status">
      {status.running ? (
        `Making one: ${Math.round(100 * (status.progress ?? 0))} %, ${status.step === 'checksums' ? 'checksums' : 'copying'}. Ingest goes on.`
      ) : (
        <>
          {bad ? <AlertTriangle size={14} aria-hidden /> : <CheckCircle2 size={14} aria-hidden />}{' '}
          {status.failure ? (
            `The last one failed. ${status.failure}`
          ) : last ? (
            <>
              The last one is of <RelativeTime iso={last.began_at} />, in {status.directory}.
            </>
          ) : (
            `None in ${status.directory}.`
          )}
        </>
      )}
    </p>
  )
}

function List({ rows, onDelete }: { rows: BackupRow[]; onDelete: (row: BackupRow) => void }) {
  return (
    <div className="settings-wide" role="region" aria-label="Backups" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Backup</th>
            <th scope="col">Made</th>
            <th scope="col">State</th>
            <th scope="col" className="num">
              Rows
            </th>
            <th scope="col" className="num">
              Size
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name} className={row.state === 'complete' ? '' : 'ended'}>
              <td className="mono">{row.name}</td>
              <td className="quiet">
                <RelativeTime iso={row.began_at} />
              </td>
              <td>
                {row.state === 'incomplete' ? (
                  <span className="settings-warn">
                    <AlertTriangle size={12} aria-hidden /> incomplete
                  </span>
                ) : (
                  row.state
                )}
              </td>
              <td className="num">{row.rows === null ? '' : count(row.rows)}</td>
              <td className="num">{bytes(row.bytes)}</td>
              <td className="num">
                {row.state === 'complete' && (
                  <Button
                    component="a"
                    variant="subtle"
                    color="gray"
                    href={apiUrl(`/backups/${row.name}/file`)}
                    download={`${row.name}.tar`}
                    leftSection={<Download size={12} aria-hidden />}
                    aria-label={`Download ${row.name}`}
                  >
                    Download
                  </Button>
                )}
                {row.state !== 'running' && (
                  <Button
                    variant="subtle"
                    color="gray"
                    leftSection={<Trash2 size={12} aria-hidden />}
                    aria-label={`Delete ${row.name}`}
                    onClick={() => onDelete(row)}
                  >
                    Delete
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Delete({ row, onClose }: { row: BackupRow; onClose: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deleteBackup(row.name),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: backupsQuery.queryKey })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Delete ${row.name}?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="settings-form">
        <p>It is gone for good; what the server holds stays.</p>
        <FormError error={remove.error} />
        <div className="settings-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button className="settings-danger" loading={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </div>
      </div>
    </Modal>
  )
}
