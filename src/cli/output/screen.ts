import type { OutputStream, Style } from './output.ts'

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const fromTheTop = '\u001b[H'
const clearRestOfLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** A terminal's other screen, drawn over and over. What the terminal showed before comes back when it is disposed of. */
export class Screen implements Disposable {
  readonly #stream: OutputStream
  readonly #style: Style

  constructor(stream: OutputStream, style: Style) {
    this.#stream = stream
    this.#style = style
    stream.write(enter)
  }

  /** Shows a text in place of the one before. What is too long for the terminal is cut at its end. */
  draw(render: (style: Style) => string): void {
    // A terminal that does not know its size says 0.
    const rows = this.#stream.rows || Infinity
    const lines = render(this.#style).split('\n')
    const shown = lines.length > rows ? [...lines.slice(0, Math.max(0, rows - 1)), '...'] : lines
    const drawn = shown.map((line) => line + clearRestOfLine).join('\r\n')
    this.#stream.write(fromTheTop + drawn + clearBelow)
  }

  [Symbol.dispose](): void {
    this.#stream.write(leave)
  }
}
