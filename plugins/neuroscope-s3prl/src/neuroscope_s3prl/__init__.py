"""Mockingjay and any other upstream of s3prl as backbones of neuroscope."""

neuroscope_api = 1
