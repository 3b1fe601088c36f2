"""Plugins: the hooks that they implement, how they are loaded, their components by name, and what the user chose."""
