import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import type { ErrorReport } from '@/api/types'
import { CopyButton } from '@/kit/Copy'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'

type Section = ErrorReport['sections'][number]
type Frame = Section['frames'][number]

/** What was called where: the application's own calls to read, the libraries' folded between them. */
export function StackTrace({ report }: { report: ErrorReport }) {
  const [raw, setRaw] = useState(false)
  const parsed = report.sections.some((s) => s.frames.length)
  if (!report.stacktrace) {
    return (
      <p className="quiet">
        No stack trace was recorded with it. An <code>exception</code> event with{' '}
        <code>exception.stacktrace</code> brings one.
      </p>
    )
  }
  return (
    <>
      <div className="row er-bar">
        {parsed && (
          <SegmentedControl
            aria-label="Stack trace as"
            value={raw ? 'raw' : 'frames'}
            onChange={(value) => setRaw(value === 'raw')}
            data={[
              { value: 'frames', label: 'Calls' },
              { value: 'raw', label: 'As recorded' },
            ]}
          />
        )}
        <span className="grow" />
        <CopyButton text={report.stacktrace} label="Copy the stack trace" />
      </div>
      {raw || !parsed ? (
        <pre
          className="er-raw mono"
          tabIndex={0}
          role="region"
          aria-label="Stack trace as recorded"
          dir="ltr"
        >
          {report.stacktrace}
        </pre>
      ) : (
        report.sections.map((section, i) => (
          <Exception key={i} section={section} first={i === 0} report={report} />
        ))
      )}
    </>
  )
}

function Exception({ section, first, report }: { section: Section; first: boolean; report: ErrorReport }) {
  const type = section.type || (first ? report.type : '')
  const message = section.message || (first ? report.message : '')
  return (
    <section className="er-exception">
      <h3>
        {!first && <span className="quiet">{section.cause ? 'caused by ' : 'while handling '}</span>}
        {type || message ? (
          <>
            <Isolated text={type} />
            {type && message ? ': ' : ''}
            <Isolated text={message} />
          </>
        ) : (
          'Exception'
        )}
      </h3>
      <ol className="er-frames">
        {folded(section.frames).map((part, i) =>
          Array.isArray(part) ? <Folded key={i} frames={part} /> : <Call key={i} frame={part} />,
        )}
        {section.more > 0 && <li className="quiet">and {count(section.more)} more calls</li>}
      </ol>
    </section>
  )
}

/** Runs of library calls in one piece; the innermost call always shows. */
export function folded(frames: Frame[]): (Frame | Frame[])[] {
  const out: (Frame | Frame[])[] = []
  frames.forEach((frame, i) => {
    const last = out.at(-1)
    if (frame.in_app || i === 0) out.push(frame)
    else if (Array.isArray(last)) last.push(frame)
    else out.push([frame])
  })
  return out
}

function Folded({ frames }: { frames: Frame[] }) {
  const [open, setOpen] = useState(false)
  if (open) return frames.map((frame, i) => <Call key={i} frame={frame} />)
  return (
    <li>
      <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setOpen(true)}>
        {count(frames.length)} {frames.length === 1 ? 'call' : 'calls'} of libraries
      </Button>
    </li>
  )
}

function Call({ frame }: { frame: Frame }) {
  return (
    <li className={frame.in_app ? 'own' : 'quiet'}>
      <div className="er-call">
        <code>
          <Isolated text={frame.function} />
        </code>
        <span className="er-file quiet" title={frame.file}>
          <Isolated text={frame.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : ''} />
        </span>
      </div>
      {frame.code && (
        <pre className="mono" dir="ltr">
          {frame.code}
        </pre>
      )}
    </li>
  )
}
