/** What today's prices would make of the stored calls of 30 days, and then the doing. */
import { Button, Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { reprice } from '@/api/priceQueries'
import type { RepriceReport } from '@/api/types'
import { count, usd } from '@/kit/format'
import { Failure, SkeletonRows } from '@/kit/states'
import { FormError } from './FormError'

export function RepriceModal({ project, onClose }: { project: string; onClose: () => void }) {
  const client = useQueryClient()
  const [soFar, setSoFar] = useState<RepriceReport>()
  const look = useQuery({
    queryKey: ['/prices/reprice', project],
    queryFn: () => reprice(project, true, setSoFar),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  const doing = useMutation({
    mutationFn: () => reprice(project, false, setSoFar),
    onSuccess: () => void client.invalidateQueries(),
  })
  const report = doing.data ?? look.data
  return (
    <Modal
      opened
      onClose={onClose}
      title="Reprice the last 30 days"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="settings-form">
        {look.isError ? (
          <Failure error={look.error} retry={() => void look.refetch()} />
        ) : !report ? (
          <SkeletonRows rows={3} label="Working out what would change" />
        ) : (
          <>
            <p role="status">
              {report.changed === 0 && !doing.data ? (
                <>All {count(report.calls)} calls cost what today’s prices say.</>
              ) : (
                <>
                  <b>{count(report.changed)}</b> of {count(report.calls)} calls{' '}
                  {doing.data ? 'changed' : 'would change'}.
                </>
              )}
            </p>
            <p>
              {doing.data ? 'They cost' : 'All calls cost'} {money(report.before_usd, report.unpriced_before)}{' '}
              before, and <b>{money(report.after_usd, report.unpriced_after)}</b> after.
            </p>
          </>
        )}
        {doing.isPending && soFar && <p className="quiet">{count(soFar.calls)} calls so far</p>}
        <FormError error={doing.error} />
        <div className="settings-actions">
          <Button onClick={onClose}>{doing.data ? 'Close' : 'Cancel'}</Button>
          {!doing.data && (
            <Button
              variant="filled"
              disabled={!look.data?.changed}
              loading={doing.isPending}
              onClick={() => doing.mutate()}
            >
              Reprice
            </Button>
          )}
        </div>
      </div>
    </Modal>
  )
}

const money = (spent: number | null, unpriced: number): string =>
  `${spent === null ? 'an unknown amount' : usd(spent)}${unpriced ? ` (${count(unpriced)} without a known cost)` : ''}`
