const KEY = 'tapetum-review-holder'

/**
 * Who holds an item while it is looked at: this tab, also after it was loaded anew. What it held a moment ago is then
 * its own still, and not somebody else's, whether or not the page before has let go of it in time.
 */
export function holderOfTab(): string {
  const made = Math.random().toString(36).slice(2) + Date.now().toString(36)
  try {
    const kept = sessionStorage.getItem(KEY)
    if (!kept) sessionStorage.setItem(KEY, made)
    return kept ?? made
  } catch {
    return made
  }
}
