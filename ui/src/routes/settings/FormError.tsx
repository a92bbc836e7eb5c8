import { ApiError } from '@/api/client'

/** Why the server did not do it, inside the form that asked. */
export function FormError({ error }: { error: Error | null }) {
  if (!error) return null
  return (
    <p role="alert" className="settings-error">
      {error.message}
      {error instanceof ApiError && error.hint && <> {error.hint}</>}
    </p>
  )
}
