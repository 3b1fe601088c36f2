"""A network that somebody has -> its modules as they run on noise, and the layers that it might be given."""
