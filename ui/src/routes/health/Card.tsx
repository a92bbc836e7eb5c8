import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Sparkline } from '@/kit/Sparkline'
import { travelling, useView } from '@/kit/view'
import { Go } from './Go'

type To = '/services' | '/ingest' | '/metrics-explorer' | '/settings' | '/traces'

/** A small board of numbers that leads to its page. */
export function Card(props: {
  title: string
  to?: To
  path?: string
  aside?: ReactNode
  children: ReactNode
}) {
  const { search } = useView()
  return (
    <section className="health-card" aria-label={props.title}>
      <h2>
        {props.to ? (
          <Link to={props.to} search={{ project: travelling(search).project } as never}>
            {props.title}
          </Link>
        ) : props.path ? (
          <Go link={{ path: props.path, search: {} }}>{props.title}</Go>
        ) : (
          props.title
        )}
        {props.aside && <span className="quiet">{props.aside}</span>}
      </h2>
      {props.children}
    </section>
  )
}

/** A number with the shape of the last hour. */
export function Figure(props: {
  name: string
  values?: (number | null)[]
  colour?: string
  least?: number
  /** Pins the chart that the shape is the last hour of. */
  pin?: ReactNode
  children: ReactNode
}) {
  return (
    <div className="health-figure">
      <span className="health-name">{props.name}</span>
      <span className={props.values ? 'health-value' : 'health-value wide'}>{props.children}</span>
      {props.values && (
        <Sparkline
          label={`${props.name} over the last hour`}
          values={props.values}
          width={120}
          {...(props.colour ? { colour: props.colour } : {})}
          {...(props.least ? { least: props.least } : {})}
        />
      )}
      <span className="health-pin">{props.pin}</span>
    </div>
  )
}
