"""The .deb of both programs: made by cpack, judged by lintian, installed into a bare Debian, used there, and removed."""
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import bare_debian
import suite

# What lintian says and we do not follow, with the reason.
ACCEPTED = {
    "bogus-mail-host": "the project has no mail address",
    "bogus-mail-host-in-debian-changelog": "the project has no mail address",
    "embedded-library": "the release links gRPC and what it needs, zlib too, from Debian's archives",
    "maintainer-script-calls-systemctl": "what an administrator enabled goes with the unit",
    "no-manual-page": "of the helper that only the agent starts",
}


def make_package(folder):
    suite.run("cpack", "-B", folder, cwd=suite.BUILD, seconds=300)
    (package,) = pathlib.Path(folder).glob("*.deb")
    return package


@unittest.skipUnless(os.geteuid() == 0, "needs root, to install into a chroot")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="parallax-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.package = make_package(cls.folder)
        cls.listing = suite.run("dpkg-deb", "--contents", cls.package).stdout

    def test_lintian_finds_nothing(self):
        found = suite.run("lintian", "--no-tag-display-limit", "--fail-on", "none", self.package, seconds=120, check=False).stdout
        serious = [line for line in found.splitlines() if re.match(r"[EW]: ", line)]
        self.assertEqual([], [line for line in serious if line.split(": ")[2].split()[0] not in ACCEPTED])

    def test_its_dependencies_are_those_of_its_programs(self):
        depends = suite.run("dpkg-deb", "--field", self.package, "Depends").stdout
        for library in ("libc6 (>=", "libssl3", "libsqlite3-0 (>="):
            self.assertIn(library, depends)
        self.assertNotIn("-dev", depends)

    def test_its_name_tells_version_and_architecture(self):
        version = re.search(r"project\(parallax VERSION ([\d.]+)", (suite.ROOT / "CMakeLists.txt").read_text()).group(1)
        architecture = suite.run("dpkg", "--print-architecture").stdout.strip()
        self.assertEqual(f"parallax_{version}_{architecture}.deb", self.package.name)
        changelog = (suite.DEPLOY / "package/changelog").read_text()
        self.assertTrue(changelog.startswith(f"parallax ({version}) "), "deploy/package/changelog is of another version")

    def test_programs_are_stripped_and_nothing_belongs_to_a_user(self):
        self.assertNotRegex(self.listing, r"(?m)^\S+ (?!root/root )")
        with tempfile.TemporaryDirectory() as folder:
            suite.run("dpkg-deb", "--extract", self.package, folder)
            self.assertIn(", stripped", suite.run("file", f"{folder}/usr/bin/parallax-agent").stdout)

    def test_it_installs_works_and_goes_in_a_bare_debian(self):
        with bare_debian.Chroot(self.folder) as chroot:
            shutil.copy(self.package, chroot.root / "root/parallax.deb")
            before = files(chroot.root)
            chroot.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends /root/parallax.deb", seconds=300)
            for program in ("parallax", "parallax-agent"):
                self.assertRegex(chroot.run(f"{program} --version").stdout, rf"^{program} \d+\.\d+")
            for file in ("usr/share/man/man1/parallax.1.gz", "usr/share/man/man1/parallax-agent.1.gz",
                         "usr/share/bash-completion/completions/parallax", "usr/share/zsh/vendor-completions/_parallax",
                         "usr/lib/systemd/system/parallax-agent.service", "usr/share/doc/parallax/copyright"):
                # minbase leaves documentation out where dpkg is told so; the package has it all the same
                self.assertIn(f" ./{file}\n", self.listing)
            self.assertEqual(set(), set((chroot.root / "etc/systemd/system").rglob("parallax*")), "the unit is not off")
            # Both programs together: the controller finds the agent, which runs the probe.
            compared = chroot.run("parallax compare tcp://127.0.0.1:1 --inside local --repeats 1 --no-store --format json", check=False)
            self.assertIn('"status": "both_failed"', compared.stdout, compared.stderr)
            # The helper with the real clients is found where the package has it: what it cannot reach, it says.
            asked = chroot.run("parallax probe http://127.0.0.1:1/ --repeats 1 --no-store --format json", check=False).stdout
            self.assertIn("refused", asked)
            self.assertNotIn("parallax-agent-client", asked)

            chroot.run("apt-get purge -y -qq parallax")
            left = {file for file in files(chroot.root) - before if "parallax" in file}
            self.assertEqual(set(), left - {"/var/log/apt/history.log"})
            self.assertNotEqual(0, chroot.run("dpkg -s parallax", check=False).returncode)


def files(root):
    return {str(path)[len(str(root)):] for path in root.rglob("*") if not path.is_dir()}


if __name__ == "__main__":
    suite.main()
