/** Mantine dressed in our tokens: components keep their behaviour, the look is ours. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const teal: MantineColorsTuple = [
  '#d8eeea',
  '#b5e0d8',
  '#8fd3c6',
  '#6acbb8',
  '#4cc2ad',
  '#2fa892',
  '#188d79',
  '#0a7466',
  '#075d52',
  '#04463d',
]

const ink: MantineColorsTuple = [
  '#dfe6e9',
  '#a3b1b8',
  '#8595a0',
  '#5a6870',
  '#3a474f',
  '#263036',
  '#171d21',
  '#13181b',
  '#0e1214',
  '#0a0d0f',
]

export const theme = createTheme({
  primaryColor: 'tapetum',
  colors: { tapetum: teal, dark: ink },
  primaryShade: { dark: 4, light: 7 },
  autoContrast: true,
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '11px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  defaultRadius: 3,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'compact-sm', variant: 'default', fw: 500 } },
    ActionIcon: { defaultProps: { size: 26, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'none' } } },
    MultiSelect: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'none' } } },
    TagsInput: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'none' } } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, fz: 12 } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // Focus goes to the first item, not to an element without a role among the items.
    Menu: { defaultProps: { shadow: 'none', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'none' } },
    Modal: {
      defaultProps: {
        shadow: 'none',
        transitionProps: { duration: 80 },
        // A `header` outside the page's parts would be a second banner.
        attributes: { header: { role: 'presentation' } },
      },
    },
  },
})

export const cssVariablesResolver: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--bg)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-2)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-color-gray-light-color': 'var(--text-2)',
  }
  return { variables: {}, dark: shared, light: shared }
}
