"""Where every result comes from: digests, records, and the wrapper that every job runs in."""
