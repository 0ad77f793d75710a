// The last 15 minutes in buckets of ten seconds: what the server kept, and what came since.

export const BUCKET_SECONDS = 10;
export const KEPT_BUCKETS = 90;

export class History {
  buckets = []; // oldest first, at most KEPT_BUCKETS

  replace(given) {
    const first = given.findIndex((one) => Number.isFinite(one.tweets_per_second)); // before, nobody looked
    this.buckets = (first < 0 ? [] : given.slice(first).slice(-KEPT_BUCKETS)).map((one) => ({
      at: bucketOf(one.at),
      rate: one.tweets_per_second ?? null,
      latency: one.latency_p50_ms ?? null,
      labels: { ...one.labels },
      sentiments: { ...one.sentiments },
      batch: one.batch_accuracy ?? null,
      online: one.online_accuracy ?? null,
      served: one.served_accuracy ?? null,
      rates: 1,
      latencies: 1,
    }));
  }

  add(tick) {
    const bucket = this.#current(bucketOf(tick.at));
    if (Number.isFinite(tick.tweets_per_second)) {
      bucket.rate = mean(bucket.rate, tick.tweets_per_second, ++bucket.rates);
    }
    if (Number.isFinite(tick.latency_ms?.p50)) {
      bucket.latency = mean(bucket.latency, tick.latency_ms.p50, ++bucket.latencies);
    }
    addCounts(bucket.labels, tick.labels);
    addCounts(bucket.sentiments, tick.sentiments);
    for (const who of ["batch", "online", "served"]) {
      bucket[who] = tick.accuracy?.label?.[who]?.accuracy ?? bucket[who];
    }
  }

  // Shares of the names over all that is kept, largest first.
  totals(field) {
    const sums = {};
    for (const bucket of this.buckets) addCounts(sums, bucket[field]);
    return Object.entries(sums).sort((one, other) => other[1] - one[1]);
  }

  #current(at) {
    const last = this.buckets.at(-1);
    if (last && last.at >= at) return last;
    const empty = { rate: null, latency: null, batch: null, online: null, served: null, rates: 0, latencies: 0 };
    this.buckets.push({ at, labels: {}, sentiments: {}, ...empty });
    if (this.buckets.length > KEPT_BUCKETS) this.buckets.shift();
    return this.buckets.at(-1);
  }
}

const bucketOf = (time) => Math.floor(Date.parse(time) / 1000 / BUCKET_SECONDS) * BUCKET_SECONDS;
const mean = (before, value, values) => (before === null ? value : before + (value - before) / values);

function addCounts(sums, counts) {
  for (const [name, number] of Object.entries(counts ?? {})) {
    if (Number.isFinite(number)) sums[name] = (sums[name] ?? 0) + number;
  }
}
