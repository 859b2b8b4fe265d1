import type { CallbackWithPromise, Consumer, ConsumerOptions, FetchOptions } from '@platformatic/kafka';
import { emptyAborted, type FetchResponse } from './aborted-transactions.js';

type Bytes = Buffer;
type Fetching = FetchOptions<Bytes, Bytes, Bytes, Bytes>;

/** A consumer that is given nothing of aborted transactions, and of open ones nothing yet. */
export async function committedConsumer(
  options: ConsumerOptions<Bytes, Bytes, Bytes, Bytes>,
): Promise<Consumer<Bytes, Bytes, Bytes, Bytes>> {
  // Not before a topic is named: it costs memory and time.
  const library = await import('@platformatic/kafka');
  class CommittedConsumer extends library.Consumer<Bytes, Bytes, Bytes, Bytes> {
    override fetch(options: Fetching, callback: CallbackWithPromise<FetchResponse>): void;
    override fetch(options: Fetching): Promise<FetchResponse>;
    override fetch(options: Fetching, callback?: CallbackWithPromise<FetchResponse>): void | Promise<FetchResponse> {
      if (callback === undefined) return super.fetch(options).then(committedOf);
      super.fetch(options, (error, response) => {
        if (error === null && response !== undefined) committedOf(response);
        callback(error, response);
      });
    }
  }
  return new CommittedConsumer({ ...options, isolationLevel: library.FetchIsolationLevels.READ_COMMITTED });
}

function committedOf(response: FetchResponse): FetchResponse {
  for (const { partitions } of response.responses) for (const partition of partitions) emptyAborted(partition);
  return response;
}
