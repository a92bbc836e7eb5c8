import { Button, Modal } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'

/** Asks before changes are lost by going to another page. */
export function Leaving({ when, what }: { when: boolean; what: string }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => when && current.pathname !== next.pathname,
    enableBeforeUnload: () => when,
    withResolver: true,
  })
  if (blocker.status !== 'blocked') return null
  return (
    <Modal
      opened
      onClose={blocker.reset}
      title="Leave without saving?"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p>What you changed on this {what} is not saved.</p>
      <div className="k-window-actions">
        <Button onClick={blocker.reset}>Stay</Button>
        <Button className="k-danger" onClick={blocker.proceed}>
          Leave
        </Button>
      </div>
    </Modal>
  )
}
