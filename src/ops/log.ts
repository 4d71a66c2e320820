// SPDX-License-Identifier: Apache-2.0
import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on standard error. What could carry a token is never put into a line; the paths here are a second net. */
export function createLog(level: string): Log {
  return pino(
    {
      name: 'airlock',
      level,
      redact: {
        paths: ['authorization', 'token', '*.authorization', '*.token', 'headers', '*.headers'],
        censor: '[redacted]',
      },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** For what is written down nowhere else: who was given what. It does not fall silent with `log.level`. */
export function auditLog(log: Log): Log {
  return log.child({ audit: true }, { level: 'info' });
}
