"""Parts of ``benchmarks/fuzz.py``: the world that is spoiled, how it is spoiled, and what is made of the outcome."""
