import { Fragment, type ReactNode } from 'react'
import { Isolated } from './Isolated'
import { openValueMenu, type Signal } from './valueMenu'

/** A value with the menu that every value has: only this, not this, copy, open in SQL. */
export function Value(props: { k: string; v: string; signal?: Signal; children?: ReactNode; tab?: boolean }) {
  if (props.v === '') return <span className="quiet">–</span>
  return (
    <button
      type="button"
      className="plain k-value cut"
      // In a long table the row is the stop; the values are reached by pointer or from the drawer.
      tabIndex={props.tab === false ? -1 : 0}
      aria-haspopup="menu"
      title={props.v}
      onClick={(event) => {
        event.stopPropagation()
        openValueMenu({
          key: props.k,
          value: props.v,
          signal: props.signal ?? 'spans',
          anchor: event.currentTarget.getBoundingClientRect(),
        })
      }}
    >
      {props.children ?? props.v}
    </button>
  )
}

/** Several names in a row: a right-to-left mark in one must not turn the next. */
export function Names({ of }: { of: string[] }) {
  return of.map((name, i) => (
    <Fragment key={name}>
      {i > 0 && ', '}
      <Isolated text={name} />
    </Fragment>
  ))
}
