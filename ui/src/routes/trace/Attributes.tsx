import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { AttributeValue } from '@/api/types'
import { CopyButton } from '@/kit/Copy'
import { Empty } from '@/kit/states'
import { Key } from '@/kit/Key'
import { Value } from '@/kit/Value'
import { LongText } from './LongText'

interface SpanRef {
  project: string
  traceId: string
  spanId: string
}

const LONG = 240

export function AttributeList(p: { attributes: AttributeValue[]; prefix?: string; source?: SpanRef }) {
  return (
    <dl className="t-attrs" style={{ margin: 0 }}>
      {p.attributes.map((attribute) => {
        const field = `${p.prefix ?? 'attributes.'}${attribute.key}`
        const long = attribute.value.length > LONG || attribute.truncated_from
        return (
          <div className="t-attr" key={attribute.key}>
            <dt className="mono">
              <Key name={attribute.key} />
            </dt>
            {long && p.source ? (
              <dd style={{ gridColumn: 'span 2' }}>
                <LongText
                  text={attribute.value}
                  cutFrom={attribute.truncated_from ?? null}
                  cutOnArrival={attribute.cut_at_bytes}
                  source={{ ...p.source, field }}
                />
              </dd>
            ) : (
              <>
                <dd className="mono">
                  <Value k={p.prefix === 'resource.' ? field : attribute.key} v={attribute.value}>
                    <span style={{ whiteSpace: 'pre-wrap' }}>{attribute.value}</span>
                  </Value>{' '}
                  {attribute.type !== 'string' && attribute.type !== 'str' && (
                    <span className="t-type">{attribute.type}</span>
                  )}
                </dd>
                <dd>
                  <CopyButton text={attribute.value} label={`Copy ${attribute.key}`} />
                </dd>
              </>
            )}
          </div>
        )
      })}
    </dl>
  )
}

export function Attributes(p: { own: AttributeValue[]; resource: AttributeValue[]; source: SpanRef }) {
  const [find, setFind] = useState('')
  const wanted = find.toLowerCase()
  const keep = (a: AttributeValue) =>
    a.key.toLowerCase().includes(wanted) || a.value.toLowerCase().includes(wanted)
  const own = p.own.filter(keep)
  const resource = p.resource.filter(keep)
  return (
    <>
      <div style={{ padding: '8px 12px 0' }}>
        <TextInput
          placeholder={`Search ${p.own.length + p.resource.length} attributes`}
          aria-label="Search attributes"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
        />
      </div>
      {own.length > 0 && <h3 className="t-section">Span</h3>}
      <AttributeList attributes={own.slice(0, 500)} source={p.source} />
      {own.length > 500 && <p className="t-section">and {own.length - 500} more: search for them</p>}
      {resource.length > 0 && <h3 className="t-section">Resource</h3>}
      <AttributeList attributes={resource.slice(0, 500)} prefix="resource." source={p.source} />
      {own.length + resource.length === 0 && (
        <Empty title={find ? `No attribute holds “${find}”` : 'This span has no attributes'} />
      )}
    </>
  )
}
