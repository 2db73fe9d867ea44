"""What a kill, a power cut or a flipped bit leaves of a workspace; see `__main__`."""
