"""Plugins: the hooks that they fill, how they are loaded, their components by name, and what the user chose of them."""
