"""`python -m tapetum_server` is the `tapetum` command."""

from tapetum_server.cli import main

if __name__ == "__main__":
    main()
