"""What any part needs of the machine: whole files, time, versions, progress bars; it knows nothing of speech."""
