"""The rankings ``weight-mass``, ``t`` and ``probeless``."""
