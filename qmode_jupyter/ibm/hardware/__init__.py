"""Real sessions and batches, opened through IBM's own client, and what can be known of them meanwhile.

`account` finds the backend and whose prices hold, `workload` opens and ends a session or batch, `watch`
asks the service how it stands, `history` makes records of the answers, as an emulated one has them.
"""
