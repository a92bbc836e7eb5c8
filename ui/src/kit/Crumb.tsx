import { Link } from '@tanstack/react-router'
import { travelling, useView } from './view'

interface Props {
  to:
    | '/traces'
    | '/sessions'
    | '/users'
    | '/services'
    | '/models'
    | '/data-quality'
    | '/errors'
    | '/dashboards'
    | '/monitors'
  label: string
}

/** The way back to the list, before the heading of one of its things. */
export function Crumb({ to, label }: Props) {
  const { search } = useView()
  return (
    <nav className="k-crumb" aria-label="Breadcrumb">
      <Link to={to} search={travelling(search) as never}>
        {label}
      </Link>
      <span className="quiet" aria-hidden>
        /
      </span>
    </nav>
  )
}
