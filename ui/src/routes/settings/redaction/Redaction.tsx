import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { notifications } from '@mantine/notifications'
import { redactionQuery, setRedaction } from '@/api/redactionQueries'
import type { RedactionChoice } from '@/api/types'
import { Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { FormError } from '../FormError'
import { Found } from './Found'
import { OwnRules } from './OwnRules'
import { Rules } from './Rules'
import { TryOut } from './TryOut'
import './redaction.css'

/** What is taken out of telemetry before it is stored: what was found, which rules hold, and a text to try. */
export function Redaction({ project, admin }: { project: string; admin: boolean }) {
  const client = useQueryClient()
  const query = useQuery(redactionQuery(project))
  const save = useMutation({
    mutationFn: (choice: RedactionChoice) => setRedaction(project, choice, query.data?.revision ?? 0),
    onSuccess: (state) => {
      client.setQueryData(redactionQuery(project).queryKey, state)
      notifications.show({ message: 'Rules changed; they hold for what arrives from now on' })
    },
    onError: () => void query.refetch(),
  })
  const rules = query.data?.rules.filter((rule) => rule.on).length
  return (
    <section className="redaction">
      <h2>Redaction of project {project}</h2>
      <p className="quiet">
        Secrets are replaced by marks before anything is stored; what was redacted cannot be brought back.
        {rules !== undefined && ` ${rules} rules are on.`}
        {query.data?.updated_at && (
          <>
            {' '}
            Changed <RelativeTime iso={query.data.updated_at} /> by {query.data.updated_by}.
          </>
        )}
        {!admin && ' Changing them needs a key with the admin scope.'}
      </p>
      <Found project={project} />
      {query.isPending ? (
        <SkeletonRows rows={10} label="Loading rules" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <>
          <TryOut project={project} />
          <FormError error={save.error} />
          <Rules state={query.data} admin={admin} busy={save.isPending} save={save.mutate} />
          <OwnRules state={query.data} admin={admin} busy={save.isPending} save={save.mutate} />
        </>
      )}
      <h3>What a mark says</h3>
      <p>
        <code>[redacted:bearer_token:3f9a1b2c4d5e]</code> keeps the rule’s name and a hash under a key that
        never leaves the server. The same secret has the same mark in every record of this project, so records
        can be joined on it; another project has other marks, and without the key nobody can try words on
        them.
      </p>
    </section>
  )
}
