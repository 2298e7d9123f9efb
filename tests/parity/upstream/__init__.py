"""An upstream that sends exactly the bytes that a case says, and remembers what it was sent."""
