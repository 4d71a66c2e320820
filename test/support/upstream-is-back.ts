// SPDX-License-Identifier: Apache-2.0
import { ask } from './http.ts';
import { until } from './until.ts';

let questions = 0;

/** After an outage the mirror looks for upstream again every few seconds: wait until it has found it. */
export async function upstreamIsBack(mirror: string): Promise<void> {
  await until('the mirror reaches upstream again', async () => {
    const { status } = await ask(mirror, `/api/models/acme/nobody-asked-${questions++}`);
    return status === 404;
  });
}
