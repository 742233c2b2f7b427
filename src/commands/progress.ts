/**
 * How far a load is: a bar on a terminal, now and then a line elsewhere.
 */

export interface Amount {
  bytes: number
  resources: number
  refused: number
}

export interface Progress {
  /** What is done so far; changed by whoever loads. */
  readonly done: Amount
  end(): void
}

const EVERY = { terminal: 200, plain: 5_000 }

/** Begins to tell, on `out`, how much of so many bytes is done. */
export function showProgress(total: number, out: NodeJS.WriteStream): Progress {
  const done: Amount = { bytes: 0, resources: 0, refused: 0 }
  const started = performance.now()
  const terminal = out.isTTY === true
  const tell = () => {
    const line = describe(done, total, (performance.now() - started) / 1000)
    out.write(terminal ? `\r\x1b[K${bar(done.bytes / total)} ${line}` : `${line}\n`)
  }
  const timer = setInterval(tell, terminal ? EVERY.terminal : EVERY.plain)
  timer.unref()
  return {
    done,
    end() {
      clearInterval(timer)
      if (terminal) out.write('\r\x1b[K')
    },
  }
}

const bar = (share: number) => {
  const full = Math.round(Math.min(1, share) * 20)
  return `[${'#'.repeat(full)}${'-'.repeat(20 - full)}]`
}

/** `42 %, 12,300 resources, 3,100/s, 0:07 left` */
export function describe(done: Amount, total: number, seconds: number): string {
  const share = total === 0 ? 1 : Math.min(1, done.bytes / total)
  const rate = Math.round(done.resources / Math.max(seconds, 0.001))
  const left = share > 0 && share < 1 ? `, ${clock((seconds / share) * (1 - share))} left` : ''
  const refused = done.refused ? `, ${done.refused.toLocaleString('en')} refused` : ''
  return `${Math.floor(share * 100)} %, ${done.resources.toLocaleString('en')} resources, ${rate.toLocaleString('en')}/s${left}${refused}`
}

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`
