import { type Command, commandsOf } from './commands.ts'
import { byId, element } from './elements.ts'
import type { Query } from './query.ts'

/** The window that shows a search as a command; `asked` gives the search as it is then. */
export function copyWindow(
  asked: () => { readonly query: Query; readonly granules: number | undefined },
): void {
  const dialog = byId('copy', HTMLDialogElement)
  const tabs = byId('copy-tabs', HTMLElement)
  const done = byId('copy-done', HTMLElement)
  let chosen = 'curl'

  const show = (commands: readonly Command[]) => {
    const current = commands.find(({ name }) => name === chosen) ?? commands[0]
    byId('copy-about', HTMLElement).textContent = current?.about ?? ''
    byId('copy-text', HTMLElement).textContent = current?.text ?? ''
    done.textContent = ''
    for (const tab of tabs.querySelectorAll('button')) {
      const isChosen = tab.textContent === current?.name
      tab.setAttribute('aria-selected', String(isChosen))
      tab.tabIndex = isChosen ? 0 : -1
      if (isChosen) byId('copy-panel', HTMLElement).setAttribute('aria-labelledby', tab.id)
    }
  }
  byId('copy-open', HTMLButtonElement).addEventListener('click', () => {
    const { query, granules } = asked()
    const commands = commandsOf(query, location.origin, granules)
    tabs.replaceChildren(
      ...commands.map(({ name }, i) => {
        const tab = element(
          'button',
          { type: 'button', role: 'tab', id: `tab-${i}`, 'aria-controls': 'copy-panel' },
          name,
        )
        tab.addEventListener('click', () => {
          chosen = name
          show(commands)
        })
        return tab
      }),
    )
    show(commands)
    dialog.showModal()
  })
  tabs.addEventListener('keydown', ({ key }) => {
    const all = [...tabs.querySelectorAll('button')]
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    const at = all.findIndex((tab) => tab.matches(':focus'))
    const next = all[(at + step + all.length) % all.length]
    if (step === 0 || !next) return
    next.click()
    next.focus()
  })
  byId('copy-do', HTMLButtonElement).addEventListener('click', async () => {
    const text = byId('copy-text', HTMLElement)
    try {
      await navigator.clipboard.writeText(text.textContent ?? '')
      done.textContent = 'Copied.'
    } catch {
      // Browsers keep the clipboard to secure origins; who reads the page by plain http copies by hand.
      getSelection()?.selectAllChildren(text)
      done.textContent = 'Selected: press Ctrl or ⌘ and C.'
    }
  })
  byId('copy-close', HTMLButtonElement).addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
}
