"""`python -m bonescan` is the `bonescan` command."""

from bonescan.cli.main import main

if __name__ == "__main__":
    main()
