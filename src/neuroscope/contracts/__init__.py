"""The types that the core and plugins exchange: frozen dataclasses and protocols. Nothing heavy is imported here."""
