"""Reading of corpora: what is told of one that is missing, files below a folder, tables of metadata, problems."""
