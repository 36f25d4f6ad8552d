"""``python -m genface`` is the ``genface`` command."""

from genface.cli.main import main

if __name__ == "__main__":
    main()
