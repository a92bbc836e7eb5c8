import { Link } from '@tanstack/react-router'
import { Page } from '@/kit/Page'
import { Empty } from '@/kit/states'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="No page has this address">
        <p>
          Nearest way on: <Link to="/traces">Traces</Link>
        </p>
      </Empty>
    </Page>
  )
}
