"""Benchmarks of the codec beside its peers; `python -m bench` prints the table of the README."""
