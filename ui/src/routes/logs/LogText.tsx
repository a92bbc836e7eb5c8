/** Text from outside, long or structured, as text nodes: never more of it in the page than is asked for. */
import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { CopyButton } from '@/kit/Copy'
import { characters, count } from '@/kit/format'
import { usePref } from '@/kit/prefs'
import { useWhole, type Whole } from '@/kit/WholeText'

const FIRST = 4_000
const MOST = 400_000
/** Beyond this, parsing for a prettier view costs more than it shows. */
const JSON_LIMIT = 256 * 1024

export const looksLong = (text: string): boolean => text.length > 160 || text.includes('\n')

/** A long value that may have been cut. */
export function WholeText(props: { text: string; label: string; whole: Whole | undefined }) {
  const whole = useWhole(props.text, props.whole)
  return (
    <>
      <LongText text={whole.text} label={props.label} />
      <More {...whole} />
    </>
  )
}

function More({ problem, controls }: Pick<ReturnType<typeof useWhole>, 'problem' | 'controls'>) {
  return (
    <>
      {problem}
      {controls && <div className="logs-cut">{controls}</div>}
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
  const whole = useWhole(props.text, props.whole)
  const { text } = whole
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
      <More {...whole} />
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
