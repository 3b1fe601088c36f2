"""What libraries say, fit for a message of one line."""


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line that it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {(lines or ['no message'])[0][:300]}"
