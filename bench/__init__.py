"""Benchmarks: `python3 dev.py bench` measures this application beside its peers in one run and writes docs/benchmarks.md.

Only ratios count. Every measurement is a process of its own, variants of a table take turns, and medians are compared.
"""
