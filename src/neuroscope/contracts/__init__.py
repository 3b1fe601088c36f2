"""What crosses a seam: frozen dataclasses and protocols. Nothing heavy is imported here."""
