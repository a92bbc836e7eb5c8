import { Kbd, Modal } from '@mantine/core'
import { activeShortcuts } from '@/kit/keys'

const SHOWN: Record<string, string> = { ' ': 'Space', Escape: 'Esc' }

export function HelpWindow({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title="Keyboard"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="s-help">
        {open &&
          activeShortcuts().map(({ group, shortcuts }) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {shortcuts.map((s) => (
                  <div key={s.keys}>
                    <dt>
                      {(SHOWN[s.keys] ?? s.keys).split(' ').map((key) => (
                        <Kbd key={key} size="xs">
                          {key}
                        </Kbd>
                      ))}
                    </dt>
                    <dd>{s.label}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        <section>
          <h3>Everywhere</h3>
          <dl>
            <div>
              <dt>
                <Kbd size="xs">Ctrl</Kbd>
                <Kbd size="xs">K</Kbd>
              </dt>
              <dd>Search or jump to</dd>
            </div>
          </dl>
        </section>
      </div>
    </Modal>
  )
}
