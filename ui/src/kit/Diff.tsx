/** What one text has and another has not: line by line, or within the text. */
import type { Piece } from '@/api/types'
import { balanced, Isolated } from './Isolated'
import './diff.css'

const SIGN = { same: ' ', removed: '−', added: '+' } as const
const SAID = { same: '', removed: 'removed: ', added: 'added: ' } as const

export function DiffLines({ lines, label }: { lines: Piece[]; label: string }) {
  return (
    <div className="k-diff mono" role="list" aria-label={label} tabIndex={0}>
      {lines.map((line, i) => (
        <div key={i} role="listitem" className={line.op}>
          <i aria-hidden>{SIGN[line.op]}</i>
          <span className="sr-only">{SAID[line.op]}</span>
          <Isolated text={line.text || ' '} />
        </div>
      ))}
    </div>
  )
}

export function DiffWords({ pieces, label }: { pieces: Piece[]; label: string }) {
  return (
    <div className="k-words" role="group" aria-label={label} tabIndex={0}>
      {pieces.map((piece, i) => {
        const text = balanced(piece.text)
        return piece.op === 'same' ? (
          <span key={i}>{text}</span>
        ) : piece.op === 'removed' ? (
          <del key={i}>{text}</del>
        ) : (
          <ins key={i}>{text}</ins>
        )
      })}
    </div>
  )
}
