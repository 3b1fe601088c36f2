"""The rankings ``weight-mass`` and ``probeless``."""
