"""`python -m audiodvc`."""

from audiodvc.cli.main import main

if __name__ == "__main__":
    main()
