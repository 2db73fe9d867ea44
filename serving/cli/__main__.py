"""The command line as a module: `python -m serving.cli`."""

from serving.cli import main

if __name__ == "__main__":
    main()
