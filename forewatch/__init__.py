"""The shared vocabulary of Forewatch: values and contracts that every room uses."""

__version__ = "0.1.0"  # pyproject.toml's; a test compares
