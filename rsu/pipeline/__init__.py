"""The live unit over ZeroMQ: roles, what passes between them, and the process that keeps them running.

The laws of the path stand in docs/pipeline.md.
"""
