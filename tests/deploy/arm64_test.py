"""deploy/arm64/build.sh in a bare Debian: both programs and the .deb for arm64, which run under qemu. Compiles everything:
ten minutes on two cores, so tests/deploy/run.sh asks for it only with --arm64."""
import os
import shutil
import tempfile
import unittest

import bare_debian
import suite


@unittest.skipUnless(os.geteuid() == 0, "needs root, to install into a chroot")
class Arm64(unittest.TestCase):
    def test_both_programs_are_cross_built_and_work_together(self):
        with tempfile.TemporaryDirectory(prefix="parallax-arm64-") as folder, bare_debian.Chroot(folder) as chroot:
            archive = suite.run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=suite.ROOT).stdout
            for name in filter(None, archive.split("\0")):
                if (suite.ROOT / name).is_file():  # not what was deleted and is not committed yet
                    target = chroot.root / "root/parallax" / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(suite.ROOT / name, target)
            chroot.run("cd /root/parallax && deploy/arm64/build.sh build/arm64", seconds=3000)

            (package,) = (chroot.root / "root/parallax/build/arm64").glob("*.deb")
            self.assertEqual("arm64\n", suite.run("dpkg-deb", "--field", package, "Architecture").stdout)
            self.assertIn("libc6 (>=", suite.run("dpkg-deb", "--field", package, "Depends").stdout)
            # Statically linked, so it runs there too; the kernel knows nothing of arm64, so each start names it.
            shutil.copy(shutil.which("qemu-aarch64-static"), chroot.root / "root/qemu")
            agent = "/root/qemu /root/parallax/build/arm64/parallax-agent"
            self.assertRegex(chroot.run(f"{agent} --version").stdout, r"^parallax-agent \d")
            compared = chroot.run(f"/root/qemu /root/parallax/build/arm64/parallax compare tcp://127.0.0.1:1 --repeats 1 --no-store "
                                  f"--format json --inside 'exec:{agent} stdio' --outside 'exec:{agent} stdio'", check=False)
            self.assertIn('"status": "both_failed"', compared.stdout, compared.stderr)


if __name__ == "__main__":
    suite.main()
