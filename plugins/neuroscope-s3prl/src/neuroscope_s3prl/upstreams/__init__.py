"""The family ``s3prl:NAME``: an entry of one of s3prl's ``hubconf.py`` files, with a checkpoint, to a backbone."""
