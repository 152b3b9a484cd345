"""The manual pages and completions know what the programs know, no less and no more; and both hold as what they are."""
import os
import pathlib
import re
import tempfile
import unittest

import command_help
import suite

PROGRAMS = ("parallax", "parallax-agent")
MANUAL, COMPLETIONS = suite.DEPLOY / "man", suite.DEPLOY / "completions"


def page_text(program):
    """As a reader sees it, without overstrikes and line breaks."""
    return suite.run("mandoc", "-T", "utf8", "-O", "width=1000", MANUAL / f"{program}.1").stdout.replace("\b", "\0")


def plain(text):
    return re.sub(r".\0", "", text)


def command_texts(program, commands):
    """{command: what its part of the COMMANDS section says}."""
    body = plain(page_text(program))
    parts = re.split(r"^   (\S.*)$", re.search(r"^COMMANDS$(.*?)^[A-Z]", body, re.M | re.S).group(1), flags=re.M)
    found = dict(zip(parts[1::2], parts[2::2]))
    return {command: found.get(command, "") for command in commands}, found


def words_of_flags(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


class ManualPages(unittest.TestCase):
    def test_every_page_is_sound_mdoc(self):
        for page in sorted(MANUAL.glob("*.[1-8]")):
            found = suite.run("mandoc", "-T", "lint", "-W", "warning", page, check=False).stdout
            self.assertEqual("", found, page.name)

    def test_every_command_and_flag_is_in_its_page(self):
        for program in PROGRAMS:
            known = command_help.known(program)
            texts, parts = command_texts(program, [c for c in known if c])
            # What several commands share is told once, and each of them refers to it.
            shared = {title: words_of_flags(text) for title, text in parts.items() if title[0].isupper()}
            for command, flags in known.items():
                with self.subTest(program=program, command=command):
                    text = texts.get(command, "")
                    if command:
                        self.assertTrue(text, f"{program}.1 does not tell of the command '{command}'")
                    told = words_of_flags(text) | words_of_flags(plain(page_text(program)).split("DESCRIPTION")[0])
                    for title, names in shared.items():
                        if title in text:
                            told |= names
                    self.assertEqual(set(), flags - told, f"{program}.1 lacks flags of '{command}'")

    def test_no_page_tells_of_what_is_not_there(self):
        for program in PROGRAMS:
            known = command_help.known(program)
            every = set().union(*known.values())
            source = (MANUAL / f"{program}.1").read_text()
            listed = {"-" + name for line in re.findall(r"^\.It Fl (.*)$", source, re.M) for name in
                      re.findall(r"(?:^|, )(-?[a-z][a-z-]*)", line)}
            commands = set(re.findall(r"^\.Ss ([a-z-]+)$", source, re.M))
            with self.subTest(program=program):
                self.assertEqual(set(), commands - set(known))
                self.assertEqual(set(), listed - every)

    def test_only_pages_that_are_there_are_referred_to(self):
        pages = {page.name for page in MANUAL.glob("*.[1-8]")} | {"ssh.1", "psql.1"}
        for page in MANUAL.glob("*.[1-8]"):
            referred = {".".join(words) for words in re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.M)}
            self.assertEqual(set(), referred - pages, page.name)


class ExperimentPage(unittest.TestCase):
    PAGE = MANUAL / "parallax-experiment.5"

    def test_it_has_the_keys_of_the_readme(self):
        table = (suite.DEPLOY / "experiments/README.md").read_text().split("## Keys")[1].split("\n\n")[1]
        keys = {key for row in table.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])}
        told = {key for line in re.findall(r"^\.It Cm (.*)$", self.PAGE.read_text(), re.M) for key in line.split(" , ")}
        self.assertEqual(keys, told)

    def test_its_example_is_an_experiment(self):
        (example,) = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed", self.PAGE.read_text(), re.M | re.S)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "example.yaml"
            file.write_text(example)
            suite.run(suite.BUILD / "parallax", "run", "--dry-run", file)


class Bash(unittest.TestCase):
    def offers(self, program, *words, store=None):
        """What bash offers for the last word, with Debian's bash-completion loaded or not."""
        offers = []
        for prelude in ("", ". /usr/share/bash-completion/bash_completion; "):
            script = (f'{prelude}. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; '
                      f'COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; {"_" + program.replace("-", "_")} 2>&1; printf "%s\\n" "${{COMPREPLY[@]}}"')
            done = suite.run("bash", "-c", script, "bash", COMPLETIONS / f"{program}.bash", program, *words,
                             env=with_programs(store))
            self.assertNotIn("bash:", done.stderr)
            offers.append(set(done.stdout.split()))
        self.assertEqual(offers[0], offers[1], "bash-completion makes a difference")
        return offers[0]

    def test_every_command_and_flag_is_offered(self):
        for program in PROGRAMS:
            known = command_help.known(program)
            with self.subTest(program=program):
                self.assertLessEqual({c for c in known if c}, self.offers(program, ""))
            for command, flags in known.items():
                with self.subTest(program=program, command=command):
                    long_flags = {flag for flag in flags if flag.startswith("--")}
                    self.assertEqual(long_flags, self.offers(program, *filter(None, [command]), "--"))

    def test_values_are_offered_where_they_are_known(self):
        self.assertEqual({"text", "json", "markdown", "html"}, self.offers("parallax", "compare", "--format", ""))
        self.assertLessEqual({"local", "exec:"}, self.offers("parallax", "compare", "--inside", ""))
        self.assertEqual({"tunnel.carrier_dead"}, self.offers("parallax", "causes", "tunnel.carrier_d"))

    def test_runs_are_offered_by_their_ids(self):
        with tempfile.TemporaryDirectory() as state:
            run_id = stored_run(state)
            self.assertEqual({"last", run_id}, self.offers("parallax", "show", "", store=state))


class Zsh(unittest.TestCase):
    """The completion function is run with zsh's own helpers replaced by ones that print what they are given."""

    def offers(self, program, command=""):
        script = """
            _arguments() { print -rl -- "$@"; if [[ $1 == -C ]]; then state=$STATE; line=($LINE); fi }
            _describe() { print -rl -- ${(P)2} }
            compadd() { print -rl -- "$@" }
            autoload -Uz is-at-least
            source $1
        """
        state = {"STATE": "argument", "LINE": command} if command else {"STATE": "command", "LINE": ""}
        return suite.run("zsh", "-f", "-c", script, "zsh", COMPLETIONS / f"_{program}", env=with_programs() | state).stdout

    def test_every_command_and_flag_is_offered(self):
        for program in PROGRAMS:
            known = command_help.known(program)
            self.assertEqual({c for c in known if c}, set(re.findall(r"^([a-z][a-z-]*):", self.offers(program), re.M)))
            for command, flags in known.items():
                with self.subTest(program=program, command=command):
                    offered = self.offers(program, command)
                    if command:  # what follows `1:command` is the command's own
                        offered = offered.split("*::argument:->argument")[1]
                    self.assertEqual(flags, set(re.findall(r"^(?:\([^)]*\))?\*?(--?[a-z-]+)\[", offered, re.M)))

    def test_zsh_loads_them_in_its_own_completion_system(self):
        for program in PROGRAMS:
            script = f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; print -r -- $_comps[{program}]"
            with tempfile.TemporaryDirectory() as home:
                self.assertEqual(f"_{program}\n", suite.run("zsh", "-f", "-c", script, env=os.environ | {"HOME": home}).stdout)


def with_programs(state=None):
    environment = os.environ | {"PATH": f"{suite.BUILD}:{os.environ['PATH']}"}
    return environment | ({"XDG_STATE_HOME": state} if state else {})


def stored_run(state):
    """The id of a run that was stored below `state`: this machine against itself, a port that refuses."""
    done = suite.run(suite.BUILD / "parallax", "compare", "tcp://127.0.0.1:1", "--inside", "local", "--repeats", "1",
                     "--no-investigate", "--format", "json", env=with_programs(state), check=False)
    found = re.search(r'"run": *"([0-9a-f]+)"', done.stdout)
    if not found:
        raise AssertionError(f"no run was stored: {done.stdout}{done.stderr}")
    return found.group(1)


if __name__ == "__main__":
    suite.main()
