"""A bare Debian of this machine's release, made once by debootstrap, and copies of it to install into. Needs root."""
import os
import pathlib
import re
import shutil
import subprocess

import suite

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
APT = pathlib.Path("/etc/apt")


def release():
    return re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M).group(1)


def mirror():
    """The first one of this machine's own sources: it may be the only one that can be reached."""
    for source in [*APT.glob("sources.list.d/*.sources"), APT / "sources.list", *APT.glob("sources.list.d/*.list")]:
        if source.exists():
            found = re.search(r"^(?:URIs: *|deb (?:\[[^]]*\] )?)(https?://\S+/debian)/?\s", source.read_text(), re.M)
            if found:
                return found.group(1)
    return "http://deb.debian.org/debian"


def base():
    """The folder of the bare system: minbase and certificates. Not to be changed."""
    root = suite.CACHE / f"debian-{release()}"
    if not root.exists():
        suite.CACHE.mkdir(parents=True, exist_ok=True)
        making = suite.CACHE / f"making-{os.getpid()}"
        try:
            suite.run("debootstrap", "--variant=minbase", "--include=ca-certificates", release(), making, mirror(), seconds=600)
            for name in ("auth.conf", "auth.conf.d", "apt.conf.d"):  # how this machine reaches the mirror: a proxy, a login
                if (APT / name).is_dir():
                    shutil.copytree(APT / name, making / "etc/apt" / name, dirs_exist_ok=True)
                elif (APT / name).exists():
                    shutil.copy(APT / name, making / "etc/apt" / name)
            os.rename(making, root)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return root


class Chroot:
    """A copy of the bare system in `folder`. `with Chroot(folder) as chroot: chroot.run("apt-get update")`."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder) / "root"

    def __enter__(self):
        suite.run("cp", "-a", base(), self.root, seconds=120)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def command(self, script):
        """The argv that runs `script` inside. Its mounts are in a mount namespace of their own and go with it."""
        mounts = ('mount --bind "$0" "$0"; for at in proc sys dev; do mount --rbind /$at "$0/$at"; done; '
                  'cp /etc/resolv.conf "$0/etc/"; exec env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive '
                  f'PATH={PATH} chroot "$0" sh -euc "$1"')
        return ["unshare", "-m", "--propagation", "private", "sh", "-euc", mounts, str(self.root), script]

    def run(self, script, seconds=300, check=True):
        return suite.run(*self.command(script), seconds=seconds, check=check, stdin=subprocess.DEVNULL)
