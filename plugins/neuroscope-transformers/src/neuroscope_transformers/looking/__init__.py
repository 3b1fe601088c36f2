"""Models of which no family is known: looked at by running them on noise, in a process of their own."""
