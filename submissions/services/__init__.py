"""Everything that changes a case. `door` moves its state; nothing else does."""
