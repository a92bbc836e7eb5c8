import { Button, PasswordInput } from '@mantine/core'
import { useState } from 'react'
import { api, ApiError } from '@/api/client'

/** The key becomes an HttpOnly cookie; this page never keeps it. */
export function Login({ onDone }: { onDone: () => void }) {
  const [key, setKey] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  async function submit() {
    setBusy(true)
    setProblem('')
    try {
      await api.post('/session', { key: key.trim() })
      setKey('')
      onDone()
    } catch (error) {
      setProblem(
        error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join('. ') : String(error),
      )
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="s-login">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h1>
          <img src="/favicon.svg" alt="" width={22} height={22} /> Tapetum
        </h1>
        <p className="quiet">This server asks for a key with the scope “read”.</p>
        <PasswordInput
          label="Key"
          size="sm"
          autoFocus
          autoComplete="current-password"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={problem || undefined}
        />
        <Button type="submit" variant="filled" size="sm" loading={busy} disabled={!key.trim()}>
          Sign in
        </Button>
        <p className="quiet">
          No key yet? On the server’s machine: <code className="mono">tapetum keys create --scope read</code>
        </p>
      </form>
    </main>
  )
}
