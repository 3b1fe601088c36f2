"""Vectors that another program computed, into the store, and vectors out of it."""
