import { Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { demoFaultsQuery, switchDemoFault } from '@/api/healthQueries'
import { useAdmin } from '@/kit/admin'
import { Failure, SkeletonRows } from '@/kit/states'

const LOOK_EVERY_MS = 10_000

/** What can be broken by hand in the demo, to see what the pages make of it. */
export function DemoFaults() {
  const admin = useAdmin()
  const client = useQueryClient()
  const faults = useQuery({ ...demoFaultsQuery, refetchInterval: LOOK_EVERY_MS })
  const turning = useMutation({
    mutationFn: ({ name, on }: { name: string; on: boolean }) => switchDemoFault(name, on),
    onSuccess: (answer) => client.setQueryData(demoFaultsQuery.queryKey, answer),
  })
  return (
    <section className="health-demo" aria-label="Demo faults">
      <h2>Demo faults</h2>
      <p className="quiet">
        Break something on purpose. Within minutes the lines above and the service map should say what it was.
      </p>
      {faults.isPending ? (
        <SkeletonRows rows={2} label="Asking the demo" />
      ) : !faults.data ? (
        <Failure error={faults.error} retry={() => void faults.refetch()} />
      ) : (
        faults.data.rows.map((fault) => (
          <Switch
            key={fault.name}
            label={fault.name}
            description={`${fault.service}: ${fault.cause}`}
            checked={turning.isPending ? turning.variables.on : fault.on}
            disabled={!admin || turning.isPending}
            onChange={(event) => turning.mutate({ name: fault.name, on: event.currentTarget.checked })}
          />
        ))
      )}
      {turning.isError && <Failure error={turning.error} />}
    </section>
  )
}
