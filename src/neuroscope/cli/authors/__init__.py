"""Commands for authors of plugins: begin a package, check a component, look into a network."""
