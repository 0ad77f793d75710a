"""The worker: `agent` takes chunks, `classify` makes their answers; the others count, watch and tell how it gets on."""
