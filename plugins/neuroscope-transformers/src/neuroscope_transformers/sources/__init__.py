"""Where a model's files lie: a folder, or a repository of the Hugging Face hub. Files are found and read, never run."""
