"""The command line: one small file a command. Importing it loads nothing heavy."""
