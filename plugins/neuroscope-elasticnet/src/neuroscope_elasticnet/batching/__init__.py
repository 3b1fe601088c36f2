"""Fits of one problem or many, in shared passes over the rows: jobs, put together into stacks and paths."""
