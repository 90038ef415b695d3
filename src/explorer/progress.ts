import { byId } from './elements.ts'

export type Progress = {
  /** How far something is; `stop` ends it. */
  show(text: string, done: number, of: number, stop: () => void): void
  hide(): void
}

export function progressBar(): Progress {
  const place = byId('progress', HTMLElement)
  const bar = byId('progress-bar', HTMLProgressElement)
  let stopping = () => {}
  byId('progress-stop', HTMLButtonElement).addEventListener('click', () => stopping())
  return {
    show: (text, done, of, stop) => {
      stopping = stop
      place.hidden = false
      bar.max = Math.max(of, 1)
      bar.value = done
      byId('progress-told', HTMLElement).textContent = text
    },
    hide: () => {
      place.hidden = true
    },
  }
}
