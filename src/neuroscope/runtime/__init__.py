"""Services of the machine for every part: whole files, time, versions, progress bars; nothing about speech."""
