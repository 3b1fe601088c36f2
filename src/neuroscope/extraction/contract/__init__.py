"""A running backbone held to its contract: every slip is named, the same for whoever runs it."""
