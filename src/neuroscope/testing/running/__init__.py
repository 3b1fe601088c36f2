"""Checks that run a backbone, on made-up audio, under watch for what it may not do."""
