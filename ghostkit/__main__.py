"""`python -m ghostkit` is the command `ghostkit`."""

from ghostkit.cli import main

if __name__ == "__main__":
    main()
