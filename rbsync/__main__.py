"""`python -m rbsync`."""

from rbsync.cli.main import run

if __name__ == "__main__":
    run()
