"""Commands for authors of plugins: begin a package, look into a network."""
