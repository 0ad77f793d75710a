"""What Faust carries chunks with: whole fetches in, whole batches out, each chunk committed in its turn.

`stream.batching` is the transport that Faust finds; `chunked_app` the app that it belongs to. On the way in are
`consumer_thread`, `fetching` and `stored_batches`; on the way out `sending` and `delivery`, or `transactions`; `ledger` says
what may be committed.
"""
