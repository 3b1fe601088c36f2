"""Mockingjay: the encoder of s3prl, its front ends, and its files of weights, those of 2019-20 too."""
