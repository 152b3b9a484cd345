#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "controller/report/html/parts.h"

namespace parallax::report {

// Calm by default: one column, few colours, each beside a sign or a word that says the same.
const char kPageStyle[] = R"css(
:root{color-scheme:light dark;--page:#fafaf8;--card:#fff;--ink:#1d2127;--dim:#5f6670;--line:#dfe1e4;
--good:#14713f;--bad:#b3261e;--doubt:#8a5a00;--track:#ececea;--bad-wash:#fdf1f0;--good-wash:#f0f8f3;--doubt-wash:#fdf6e7}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2026;--ink:#e4e6e9;--dim:#9aa2ad;--line:#343a43;
--good:#62c990;--bad:#ff8f85;--doubt:#e3b65b;--track:#2b3038;--bad-wash:#2c1d1d;--good-wash:#182720;--doubt-wash:#2a2417}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.25rem 1rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .6rem}
h2{font-size:1.1rem;margin:2.4rem 0 .7rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.4rem 0}
a{color:inherit;text-decoration-color:var(--dim);text-underline-offset:.2em}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em}
pre{margin:.5rem 0;padding:.7rem .9rem;background:var(--track);border-radius:8px;white-space:pre-wrap}
ul,ol{margin:.4rem 0;padding-left:1.3rem}
li{margin:.25rem 0}
.dim,.facts{color:var(--dim)}.bold{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.doubt{color:var(--doubt)}
.facts{font-size:.875rem}
.verdict{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--dim);border-radius:10px;padding:1rem 1.2rem}
.verdict.bad{border-left-color:var(--bad);background:var(--bad-wash);color:var(--ink)}
.verdict.good{border-left-color:var(--good);background:var(--good-wash);color:var(--ink)}
.verdict.doubt{border-left-color:var(--doubt);background:var(--doubt-wash);color:var(--ink)}
.verdict .sign{font-weight:700;letter-spacing:.02em}
.verdict.bad .sign{color:var(--bad)}.verdict.good .sign{color:var(--good)}.verdict.doubt .sign{color:var(--doubt)}
.verdict .lead{font-size:1.1rem}
.paths{display:flex;flex-wrap:wrap;gap:1rem 2.5rem}
figure{margin:0;max-width:100%}
figcaption{font-weight:600;margin-bottom:.4rem}
figure svg{display:block;max-width:100%;height:auto}
svg text{fill:var(--ink);font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg .name{font-weight:600;font-size:14px}svg .words{fill:var(--dim);font-size:12px}
svg .stop{fill:var(--card);stroke:var(--line);stroke-width:1.5}svg .stop.fails{stroke:var(--bad);stroke-width:2.5}
svg .leg{stroke-width:3.5;stroke-linecap:round;stroke:var(--dim)}
svg .leg.proved{stroke:var(--good)}svg .leg.accepted{stroke:var(--doubt);stroke-dasharray:.1 8}
svg .leg.broken{stroke:var(--bad)}svg .leg.unseen{stroke-width:1.5;stroke-dasharray:5 6;opacity:.7}
svg .mark{fill:var(--page);stroke-width:2;stroke:var(--dim)}
svg .mark.proved{stroke:var(--good)}svg .mark.accepted{stroke:var(--doubt)}svg .mark.broken{fill:var(--bad);stroke:var(--bad)}
svg .glyph{text-anchor:middle;font-weight:700;font-size:12px;fill:var(--dim)}
svg .glyph.proved,svg .crossing.proved{fill:var(--good)}svg .glyph.accepted,svg .crossing.accepted{fill:var(--doubt)}
svg .glyph.broken{fill:var(--page)}svg .crossing.broken{fill:var(--bad)}svg .crossing{font-weight:600}
.legend{color:var(--dim);font-size:.8rem;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin-top:.8rem}
b.proved{color:var(--good)}b.accepted{color:var(--doubt)}b.broken{color:var(--bad)}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;table-layout:fixed;font-size:.9rem}
.many table{min-width:46rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);font-weight:400}
tbody th{color:var(--dim)}
thead th{font-weight:600}
.what{width:27%}
.subject{display:block;font-size:.85em}
.group th{font-weight:600;color:var(--ink);padding-top:1.1rem}
.bar{display:block;width:100%;height:6px;margin-top:.25rem}
.bar .track{fill:var(--track)}.bar .proved{fill:var(--good)}.bar .broken{fill:var(--bad)}
.axis td{color:var(--dim);font-size:.78rem}.axis td span:last-child{float:right}.axis th{font-size:.78rem}
tr.first{background:var(--bad-wash);box-shadow:inset 4px 0 0 var(--bad)}tr.first th{color:var(--ink);padding-left:.7rem}
.flag{display:block;color:var(--bad);font-size:.8rem}
tr.note td{text-align:right}tr.note td,tr.note th{border-bottom:1px solid var(--line);padding-top:0;font-size:.85rem}
details{border-bottom:1px solid var(--line);padding:.35rem 0}
summary{cursor:pointer}
.talk{list-style:none;padding-left:.4rem;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.82rem}
.talk .in{padding-left:2rem}
:target{outline:3px solid var(--doubt);outline-offset:2px;border-radius:4px}
footer{margin-top:3rem;color:var(--dim);font-size:.85rem;border-top:1px solid var(--line);padding-top:1rem}
@media (max-width:34rem){main{padding:.8rem .8rem 3rem}h1{font-size:1.35rem}.what{width:30%}table{font-size:.82rem}
.verdict{padding:.8rem .9rem}}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--good:#0b5c31;--bad:#9c1c15;
--doubt:#6e4800;--track:#e8e8e8;--bad-wash:#fff;--good-wash:#fff;--doubt-wash:#fff}
body{font-size:10.5pt}main{max-width:none;padding:0}figure,tr,pre,.verdict{break-inside:avoid}h2,h3{break-after:avoid}
svg,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

std::string StyleSource() {
  std::string digest;
  // Content-Security-Policy Level 3, section 2.3.1: base64 of the digest of the element's text.
  digest = absl::HexStringToBytes(contract::Digest(kPageStyle));
  return absl::StrCat("'sha256-", absl::Base64Escape(digest), "'");
}

}  // namespace parallax::report
