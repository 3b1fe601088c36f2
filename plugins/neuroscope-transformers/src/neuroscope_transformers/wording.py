"""What libraries and files say, fit for a message of one line."""


def first_line(error: BaseException) -> str:
    """Return the kind of an error and the first line that it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {printable((lines or ['no message'])[0][:300])}"


def printable(line: str) -> str:
    """Escape what would move the cursor, hide or reorder text."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def shown(value: object) -> str:
    """Return what a file says as a message may show it: 60 signs of ASCII."""
    text = ascii(value)[1:-1] if isinstance(value, str) else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
