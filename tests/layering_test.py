#!/usr/bin/env python3
"""Reads every #include of the project and fails on one that points the wrong way, and on folders and names that are not
allowed. The arrows are those of README.md, "The structure"."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# folder -> folders that it may include (itself is always allowed)
ARROWS = {
    "proto/contract": set(),
    "agent/net": {"proto"},
    "agent/host": {"proto", "agent/net"},
    "agent/policy": {"proto", "agent/net"},
    "agent/probes": {"proto", "agent/net", "agent/host", "agent/policy"},
    "agent/clients": {"proto", "agent/net", "agent/policy", "agent/probes"},  # a program of its own
    "agent/runner": {"proto", "agent/net", "agent/policy", "agent/probes"},
    "agent/session": {"proto", "agent/net", "agent/host", "agent/policy", "agent/probes", "agent/runner"},
    "agent/main.cc": {"proto", "agent/net", "agent/host", "agent/policy", "agent/probes", "agent/runner", "agent/session"},
    "controller/plan": {"proto", "controller/diagnose"},  # the words of the investigation
    "controller/compare": {"proto"},
    "controller/diagnose": {"proto", "controller/compare"},
    "controller/experiment": {"proto", "controller/compare", "controller/diagnose", "controller/plan"},
    "controller/report": {"proto", "controller/compare", "controller/diagnose", "controller/report"},
    "controller/report/sheet": {"proto", "controller/compare", "controller/diagnose"},
    "controller/report/html": {"proto", "controller/compare", "controller/report/sheet"},
    "controller/report/markdown": {"proto", "controller/report/sheet"},
    "controller/report/redact": {"proto"},
    "controller/store": {"proto"},
    "controller/dispatch": {"proto"},
    # What carries runs out; it knows no flags and no terminal. Nothing but cli may include it.
    "controller/conduct": {"proto", "controller/compare", "controller/diagnose", "controller/dispatch",
                           "controller/experiment", "controller/plan", "controller/store"},
    "controller/cli": {"proto", "controller"},
    "controller/main.cc": {"proto", "controller/cli"},
}
# Where a foreign type may be seen.
FOREIGN = {
    r"grpcpp/|grpc/": ("agent/session", "controller/dispatch", "proto/contract/status", "proto/contract/grpc_runtime"),
    r"openssl/": ("agent/net", "proto/contract/digest", "proto/contract/agent_token", "proto/contract/pem", "agent/probes/postgres/scram"),
    r"sqlite3\.h": ("controller/store",),
    r"ares\.h": ("agent/net",),
    r"yaml-cpp/": ("controller/experiment",),
    r"CLI/": ("controller/cli", "agent/main.cc"),
    r"pqxx/|libpq-fe\.h": ("agent/clients",),
    r"curl/": ("agent/clients",),
    r"nlohmann/": ("agent/clients", "controller/report", "controller/cli"),
}
# What is one operating system's own stands in rooms of its name, so that a port fills rooms and changes nothing else.
SYSTEM_ROOMS = {"linux", "darwin"}
SYSTEM_OWN_TREES = ("agent/", "proto/contract/")
SYSTEM_HEADERS = (r"linux/|asm/|netpacket/|malloc\.h|features\.h|libproc\.h|mach/|"
                  r"sys/(epoll|eventfd|signalfd|timerfd|inotify|prctl|sendfile|sysinfo|syscall|random|proc_info|sysctl|event)\.h")
SYSTEM_WORDS = (r"\b(SOCK_CLOEXEC|SOCK_NONBLOCK|MSG_NOSIGNAL|accept4|pipe2|dup3|ppoll|POLLRDHUP|SO_PEERCRED|TCP_INFO|IP_RECVERR|"
                r"AF_NETLINK|CLOCK_BOOTTIME|unshare|__linux__|__APPLE__)\b|\"/(proc|sys)/")
TOP = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", ".clang-format", ".clang-tidy", ".dockerignore", ".gitignore", ".editorconfig", ".ci", ".github",
       "proto", "agent", "controller", "deploy", "tests"}
BAD_NAMES = {"common", "util", "utils", "helpers", "misc"}


def home(path):
    for folder in sorted(ARROWS, key=len, reverse=True):
        if path == folder or path.startswith(folder + "/"):
            return folder
    return None


def of_a_system(name, text):
    """What belongs into a room of one operating system, and stands elsewhere."""
    if not name.startswith(SYSTEM_OWN_TREES) or name.endswith(("_test.cc", "_for_test.h")):
        return
    here = SYSTEM_ROOMS.intersection(name.split("/"))
    for include in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', text, re.M):
        there = SYSTEM_ROOMS.intersection(include.split("/")[:-1])
        if not here and (re.match(SYSTEM_HEADERS, include) or there):
            yield f"{name}: {include} belongs to one operating system: put an interface before it (agent/README.md)"
    code = re.sub(r"//[^\n]*", "", text)
    for word in sorted({match.group(0) for match in re.finditer(SYSTEM_WORDS, code)}) if not here else ():
        yield f"{name}: {word} belongs to one operating system: put an interface before it (agent/README.md)"


def unannotated(name, text):
    """A mutex that clang's thread-safety analysis does not know."""
    if name.startswith(("agent/", "proto/")) and name != "proto/contract/mutex.h":
        for word in sorted(set(re.findall(r"std::(?:\w*_?mutex|lock_guard|unique_lock|scoped_lock|condition_variable\w*)\b|absl::Mutex", text))):
            yield f"{name}: {word} carries no annotation: use contract::Mutex and its kin (contract/mutex.h)"
        for member in re.findall(r"^\s*(?:mutable )?contract::Mutex (\w+);", text, re.M):
            if not re.search(rf"ABSL_(PT_)?GUARDED_BY\({member}\)", text) and not name.endswith("_test.cc") and member != "emit_mutex_" and member != "write_mutex_":
                yield f"{name}: what does {member} guard? Say it with ABSL_GUARDED_BY({member})"


def main():
    files = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files"], cwd=ROOT, check=True, capture_output=True,
                           text=True).stdout.split("\n")
    errors, includes = [], 0
    for name in filter(None, files):
        parts = pathlib.PurePath(name).parts
        if parts[0] not in TOP:
            errors.append(f"{name}: no such thing belongs at the top level")
        for part in parts:
            if pathlib.PurePath(part).stem.lower() in BAD_NAMES:
                errors.append(f"{name}: '{part}' says nothing about what is in it")
        if not name.endswith((".cc", ".h")) or parts[0] not in ("proto", "agent", "controller"):
            continue
        text = (ROOT / name).read_text()
        here = home(name)
        if here is None:
            errors.append(f"{name}: a source outside every known folder")
            continue
        errors.extend(of_a_system(name, text))
        errors.extend(unannotated(name, text))
        is_test = name.endswith("_test.cc")
        for line, include in re.findall(r'^(\s*#\s*include\s+[<"]([^>"]+)[>"])', text, re.M):
            includes += 1
            for pattern, homes in FOREIGN.items():
                if re.match(pattern, include) and not name.startswith(homes) and not is_test:
                    errors.append(f"{name}: {include} may be seen only in {', '.join(homes)}")
            if include.startswith(("contract/", "parallax/v1/")):
                there = "proto"
            elif include.startswith(("agent/", "controller/")):
                there = home(include)
            else:
                continue
            if there is None or there == here or here.startswith("proto") and there == "proto":
                continue
            allowed = ARROWS[here]
            if there in allowed or any(there.startswith(a + "/") for a in allowed):
                continue
            errors.append(f"{name}: includes {include}: {here} must not know {there}")
    for error in errors:
        print(error)
    print(f"layering: {len(errors)} wrong of {includes} includes")
    if includes == 0:
        print("layering: nothing was read")
        return 1
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
