"""Measurements of time, memory and size; `python -m benchmarks.run` writes `benchmarks/results/speed.json`."""
