"""The command line: one command a file, imported only when it is called.

Each command's module `cli/NAME.py` offers two functions:

    def parser() -> cli.parsing.Parser        # --version, one-line errors, help of 100 columns
    def main(argv: Sequence[str]) -> int      # what stands after the command's name -> exit code

Exit codes: 0 yes or done, 1 no or failed, 2 wrong usage, wrong configuration or could not be asked, 130 interrupted.
`cli/main.py` lists the names with one line each, so that `--help` imports none of them.
"""
