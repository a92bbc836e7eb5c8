// Runs before first paint so that the chosen theme never flashes.
;(function () {
  var chosen = 'dark'
  try {
    chosen = localStorage.getItem('tapetum-theme') || 'dark'
  } catch {
    // storage may be blocked; dark is the default
  }
  var dark = chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
