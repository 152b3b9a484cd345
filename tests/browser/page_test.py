#!/usr/bin/env python3
"""The page of --format html in a real browser: Debian's chromium, headless, of recorded runs. No network: the browser is told that no
name resolves and that every address is behind a proxy that is not there.

    page_test.py        with the programs of build/dev; PARALLAX_BUILD names another folder, PARALLAX_SHOTS one to keep the pictures"""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "deploy"))
import suite  # noqa: E402

PARALLAX = pathlib.Path(os.environ.get("PARALLAX_BUILD", ROOT / "build" / "dev")).resolve() / "parallax"
RUNS = ["bastion-vanished-under-a-running-tunnel", "split-dns", "certificate-expired", "database-is-down-for-both"]
MOST_BYTES = 300 * 1000
# The policy forbids scripts, so a page around it looks: a frame of the same origin, and nothing of ours inside it.
PROBE = """<!doctype html><meta charset=utf-8><style>body{margin:0}iframe{border:0;width:WIDTHpx;height:900px}</style>
<iframe src=page.html></iframe><pre id=out></pre><script>
onload = () => {
  const page = frames[0].document, root = page.documentElement;
  const out = {wide: root.scrollWidth, room: frames[0].innerWidth, styled: getComputedStyle(page.querySelector(".verdict")).borderLeftWidth,
               text: page.body.innerText.length, asked: frames[0].performance.getEntriesByType("resource").length,
               scripts: page.scripts.length, h1: page.querySelector("h1").innerText,
               dangling: [...page.querySelectorAll("a[href^='#']")].filter(a => !page.getElementById(a.hash.slice(1))).length};
  document.getElementById("out").textContent = JSON.stringify(out);
};
</script>"""


def page_of(run, folder):
    path = folder / "page.html"
    done = subprocess.run([PARALLAX, "show", ROOT / "tests" / "scenarios" / f"{run}.run.txtpb", "--format", "html", "--output", path],
                          capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1, 3):
        raise AssertionError(f"parallax show ended with {done.returncode}: {done.stderr}")
    return path


def browse(folder, *flags):
    """Chromium's output. It may write only into `folder`."""
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                           "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0",
                           f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000", *flags],
                          capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(folder)})
    if done.returncode != 0:
        raise AssertionError(f"chromium ended with {done.returncode}: {done.stderr[-2000:]}")
    return done


class Served:
    """The folder, on a free port of loopback; remembers what was asked for."""

    def __init__(self, folder):
        asked = self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=str(folder))

            def log_message(self, *args):
                asked.append(self.path)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def console(done):
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


class PageTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="parallax-page-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def look(self, run, width):
        page_of(run, self.folder)
        (self.folder / "probe.html").write_text(PROBE.replace("WIDTH", str(width)))
        with Served(self.folder) as served:
            done = browse(self.folder, f"--window-size={max(width, 500)},1000", "--dump-dom", f"{served.url}/probe.html")
            asked = list(served.asked)
        found = re.search(r'<pre id="out">(\{.*?\})</pre>', done.stdout, re.S)
        self.assertIsNotNone(found, done.stdout[-500:])
        return json.loads(found[1].replace("&amp;", "&")), console(done), asked

    def test_every_width_shows_the_whole_page_and_asks_for_nothing(self):
        for run in RUNS:
            for width in (390, 1280):
                with self.subTest(run=run, width=width):
                    seen, said, asked = self.look(run, width)
                    self.assertEqual(seen["room"], width)
                    self.assertLessEqual(seen["wide"], width, "the page is wider than its window")
                    self.assertEqual(seen["styled"], "6px", "the policy refused the style sheet")
                    self.assertEqual(seen["asked"], 0)
                    self.assertEqual(seen["scripts"], 0)
                    self.assertEqual(seen["dangling"], 0)
                    self.assertGreater(seen["text"], 1000)
                    self.assertEqual(said, [])
                    self.assertEqual([path for path in asked if path not in ("/probe.html", "/page.html", "/favicon.ico")], [])

    def test_the_file_is_small_and_reads_back_as_the_run(self):
        for run in RUNS:
            with self.subTest(run=run):
                page = page_of(run, self.folder)
                self.assertLess(page.stat().st_size, MOST_BYTES)
                source = ROOT / "tests" / "scenarios" / f"{run}.run.txtpb"
                text = [subprocess.run([PARALLAX, "show", path], capture_output=True, text=True, timeout=60).stdout for path in (source, page)]
                self.assertEqual(*text)

    def test_it_prints_with_its_verdict(self):
        page = page_of(RUNS[0], self.folder)
        pdf = self.folder / "page.pdf"
        browse(self.folder, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
        self.assertGreaterEqual(len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())), 2)
        text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, timeout=60, check=True).stdout
        self.assertIn("The bastion does not answer", text)
        self.assertIn("tunnel.bastion_unreachable", text)

    def test_it_is_drawn_by_day_and_by_night(self):
        page = page_of(RUNS[0], self.folder)
        shots = []
        for night in (False, True):
            for width in (1280, 500):  # below 500 px headless chromium does not go; the frames above do
                shot = self.folder / f"{'night' if night else 'day'}-{width}.png"
                browse(self.folder, f"--window-size={width},2400", *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if night else []),
                       f"--screenshot={shot}", page.as_uri())
                shots.append(shot)
        sizes = [shot.stat().st_size for shot in shots]
        self.assertGreater(min(sizes), 20_000, sizes)
        if keep := os.environ.get("PARALLAX_SHOTS"):
            for shot in shots:
                shutil.copy(shot, keep)
        self.assertNotEqual(shots[0].read_bytes(), shots[2].read_bytes(), "night looks as day does")


if __name__ == "__main__":
    suite.main()
