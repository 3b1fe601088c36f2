"""Describe data before anything is computed on them: how much of what there is, and what is missing."""
