// SPDX-License-Identifier: Apache-2.0
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Figures mean nothing without the machine, and little when it was busy: the load is part of the answer. */
export function machine(): string {
  const load = loadavg().map((value) => value.toFixed(1));
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return (
    `${cpus()[0]?.model.trim() ?? process.arch}, ${cpus().length} cores, ${memory} GiB, load ${load.join(' ')}, ` +
    `${process.platform} ${release()}, Node ${process.version}`
  );
}
