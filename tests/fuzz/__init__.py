"""Structure-aware fuzzing of the codec: ``python -m tests.fuzz``; docs/fuzzing.md says how and what came of it."""
