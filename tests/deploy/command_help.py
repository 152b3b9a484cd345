"""What the programs themselves say that they know: commands and flags, read from --help."""
import re

import suite


def known(program):
    """{"": {flags of the program}, "compare": {flags of that command}, ...}, as the program's own --help lists them."""
    top = suite.run(suite.BUILD / program, "--help").stdout
    commands = re.findall(r"^  ([a-z][a-z-]*) ", section(top, "Subcommands"), re.M)
    if not commands:
        raise AssertionError(f"{program} --help lists no command")
    pages = {"": top} | {command: suite.run(suite.BUILD / program, command, "--help").stdout for command in commands}
    return {command: set(flags(page)) for command, page in pages.items()}


def section(page, title):
    """The lines below `title:`, up to the empty line."""
    found = re.search(rf"^{title}:\n(.*?)(?:\n\n|\Z)", page, re.M | re.S)
    return found.group(1) + "\n" if found else ""


def flags(page):
    for names in re.findall(r"^  (-\S+)", section(page, "Options"), re.M):
        yield from names.split(",")
