/** Text from outside, long or structured, as text nodes: never more of it in the page than is asked for. */
import { Button, SegmentedControl } from '@mantine/core'
import { Download } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import { apiUrl, request, type Query } from '@/api/client'
import { CopyButton } from '@/kit/Copy'
import { characters, count } from '@/kit/format'
import { usePref } from '@/kit/prefs'
import { Failure } from '@/kit/states'

const FIRST = 4_000
const MOST = 400_000
/** More than this is for a file, not for a page. */
const LOADABLE = 8 * 1024 * 1024
/** Beyond this, parsing for a prettier view costs more than it shows. */
const JSON_LIMIT = 256 * 1024

export const looksLong = (text: string): boolean => text.length > 160 || text.includes('\n')

/** Where a value that was cut is whole. */
export interface Whole {
  /** In characters. */
  length: number
  path: `/logs/${string}/value`
  query: Query
}

/** The text, whole once it was asked for, and the controls to ask. */
function useWhole(text: string, whole: Whole | undefined): { text: string; more: ReactNode } {
  const [loaded, setLoaded] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  if (!whole) return { text, more: null }
  const { path, query, length } = whole
  async function load() {
    setBusy(true)
    setProblem(null)
    try {
      setLoaded(await (await request('GET', path, { query })).text())
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const more = (
    <>
      {problem !== null && <Failure error={problem} retry={() => void load()} />}
      <div className="logs-cut">
        {loaded === null && (
          <>
            <span className="quiet">
              Cut at {count(characters(text))} of {count(length)} characters.
            </span>
            {length <= LOADABLE && (
              <Button loading={busy} onClick={() => void load()}>
                Load whole
              </Button>
            )}
          </>
        )}
        <Button
          component="a"
          href={apiUrl(path, query)}
          download
          leftSection={<Download size={13} aria-hidden />}
        >
          Download
        </Button>
      </div>
    </>
  )
  return { text: loaded ?? text, more }
}

/** A long value that may have been cut. */
export function WholeText(props: { text: string; label: string; whole: Whole | undefined }) {
  const { text, more } = useWhole(props.text, props.whole)
  return (
    <>
      <LongText text={text} label={props.label} />
      {more}
    </>
  )
}

function LongText({ text, label }: { text: string; label: string }) {
  const [all, setAll] = useState(false)
  const shown = text.slice(0, all ? MOST : FIRST)
  return (
    <div className="logs-long">
      <pre tabIndex={0} aria-label={label}>
        {shown}
      </pre>
      <div className="logs-long-tools">
        {shown.length < text.length && (
          <button type="button" className="plain" onClick={() => setAll(true)} disabled={all}>
            {all
              ? `The first ${count(MOST)} of ${count(characters(text))} characters; copy gives the whole`
              : `Show all ${count(characters(text))} characters`}
          </button>
        )}
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
    </div>
  )
}

export function BodyText(props: { text: string; whole: Whole | undefined }) {
  const [mode, setMode] = usePref('log-body', 'pretty')
  const { text, more } = useWhole(props.text, props.whole)
  const pretty = useMemo(() => prettyJson(text), [text])
  if (text === '')
    return <p className="logs-note">This record has no body; what it says is in its attributes.</p>
  return (
    <div className="logs-whole">
      {pretty !== null && (
        <SegmentedControl
          aria-label="Show the body"
          value={mode}
          onChange={setMode}
          data={[
            { value: 'pretty', label: 'Indented' },
            { value: 'raw', label: 'As sent' },
          ]}
        />
      )}
      <LongText key={mode} text={pretty !== null && mode === 'pretty' ? pretty : text} label="body" />
      {more}
    </div>
  )
}

/** The same JSON with indents, or null when the text is something else. */
export function prettyJson(text: string): string | null {
  if (text.length > JSON_LIMIT || !/^\s*[[{]/.test(text)) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}
