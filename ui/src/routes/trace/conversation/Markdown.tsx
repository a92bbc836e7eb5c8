/** Markdown of models as React text nodes: links and images are words with their address beside them, never loaded. */
import { ImageOff, Link2 } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { balanced } from '@/kit/Isolated'
import { Marked } from './Marked'
import { parseMarkdown, type Block, type Inline } from './markdown'

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return parseMarkdown(text).map((block, i) => <BlockOf key={i} block={block} />)
})

function BlockOf({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading':
      // A heading of what was said is no heading of this page.
      return (
        <p className={`c-h c-h${Math.min(block.level, 3)}`}>
          <Line line={block.line} />
        </p>
      )
    case 'code':
      return (
        <pre className="c-code" tabIndex={0} aria-label={block.language ? `Code, ${block.language}` : 'Code'}>
          <Marked text={block.text} />
        </pre>
      )
    case 'quote':
      return <blockquote>{lines(block.lines)}</blockquote>
    case 'rule':
      return <hr />
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul'
      return (
        <List start={block.ordered ? block.start : undefined}>
          {block.items.map((item, i) => (
            <li key={i} style={item.depth ? { marginLeft: item.depth * 16 } : undefined}>
              <Line line={item.line} />
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return (
        <div className="cv-table" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead>
              <tr>
                {block.head.map((cell, i) => (
                  <th key={i}>
                    <Line line={cell} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, k) => (
                    <td key={k}>
                      <Line line={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    default:
      return <p>{lines(block.lines)}</p>
  }
}

const lines = (all: Inline[][]): ReactNode =>
  all.map((line, i) => (
    <span key={i}>
      {i > 0 && <br />}
      <Line line={line} />
    </span>
  ))

function Line({ line }: { line: Inline[] }) {
  return (
    <bdi>
      {line.map((one, i) => (
        <InlineOf key={i} one={one} />
      ))}
    </bdi>
  )
}

function InlineOf({ one }: { one: Inline }) {
  switch (one.kind) {
    case 'code':
      return (
        <code>
          <Marked text={balanced(one.text)} />
        </code>
      )
    case 'strong':
      return (
        <strong>
          {one.inner.map((inner, i) => (
            <InlineOf key={i} one={inner} />
          ))}
        </strong>
      )
    case 'em':
      return (
        <em>
          {one.inner.map((inner, i) => (
            <InlineOf key={i} one={inner} />
          ))}
        </em>
      )
    case 'del':
      return (
        <del>
          {one.inner.map((inner, i) => (
            <InlineOf key={i} one={inner} />
          ))}
        </del>
      )
    case 'link':
    case 'image':
      return (
        <span className="c-chip" title={`Not opened from here: ${one.url}`}>
          {one.kind === 'image' ? <ImageOff size={11} aria-hidden /> : <Link2 size={11} aria-hidden />}
          <bdi>{balanced(one.text || one.kind)}</bdi>
          <bdi className="quiet mono c-url">{balanced(one.url)}</bdi>
        </span>
      )
    default:
      return <Marked text={balanced(one.text)} />
  }
}
