"""Long runs of a live unit: ``python -m tests.soak kills`` and ``… steady``; docs/soak.md says how and what came of it."""
