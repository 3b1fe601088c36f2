"""Splits: which rows train and which test, kept apart by speaker or another column."""
