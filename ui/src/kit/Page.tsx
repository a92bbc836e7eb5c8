import { useEffect, type ReactNode } from 'react'
import './page.css'

/** One page: names the document, gives the landmark and its heading. */
export function Page({
  title,
  heading,
  children,
}: {
  title: string
  heading?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Tapetum`
  }, [title])
  return (
    <main className="k-page" id="content" tabIndex={-1}>
      {heading === undefined ? <h1 className="sr-only">{title}</h1> : heading}
      {children}
    </main>
  )
}

/** The four bands of every explorer: filter, time chart, facets at the left, rows; a drawer at the right. */
export function Explorer(props: {
  filter: ReactNode
  chart?: ReactNode
  facets?: ReactNode
  children: ReactNode
  drawer?: ReactNode
}) {
  return (
    <>
      <div className="k-band">{props.filter}</div>
      {props.chart && <div className="k-band k-chart-band">{props.chart}</div>}
      <div className="k-body">
        {props.facets}
        <div className="k-rows">{props.children}</div>
        {props.drawer}
      </div>
    </>
  )
}
