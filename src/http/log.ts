/**
 * The log: JSON lines, one for each request, without anything of a patient's.
 * https://getpino.io
 */
import pino, { type Logger } from 'pino'

export type { Logger }

/** Lines go to stderr (or to `fd`), gathered and written off the request's way. Call `flushLog` before the process ends. */
export function makeLog(level: string, fd = 2): Logger {
  const destination = pino.destination({ dest: fd, sync: false, minLength: 0 })
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: label => ({ level: label }) } },
    destination,
  )
}

/** Writes what is gathered; never throws. */
export function flushLog(log: Logger): void {
  try {
    const stream = (log as unknown as Record<symbol, { flushSync?: () => void }>)[pino.symbols.streamSym]
    stream?.flushSync?.()
  } catch {
    // the destination was not open yet: nothing to write
  }
}
