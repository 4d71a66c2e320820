// SPDX-License-Identifier: Apache-2.0
import { run } from '#test/support/run.ts';

const LIMIT_SECONDS = 1800;

/**
 * Seconds that curl takes to download to /dev/null, waiting included: a mirror that is not ready says 503 and when to
 * come back, and curl does. @throws Error when fewer bytes come, or other than with 200
 */
export async function download(url: string, bytes: number): Promise<number> {
  const args = ['-sS', '-L', '--fail', '--retry', '100', '--retry-max-time', String(LIMIT_SECONDS), '-o', '/dev/null'];
  const started = performance.now();
  const result = await run('curl', [...args, '-w', '%{http_code} %{size_download}', url], {
    timeoutSeconds: LIMIT_SECONDS,
  });
  const seconds = (performance.now() - started) / 1000;
  if (result.status !== 0 || result.stdout !== `200 ${bytes}`)
    throw new Error(`curl ${url} ended with ${result.status}, expected "200 ${bytes}": ${result.output}`);
  return seconds;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('a median of nothing');
  return middle;
}
