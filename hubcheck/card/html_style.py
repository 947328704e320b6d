"""How does the HTML card look?

One style sheet for the card and the index page, light and dark, for a phone and for print. System
faces only: a card makes no request.
"""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{--edge:#1c232b33;
color-scheme:light dark;--page:#f4f5f7;--paper:#fff;--ink:#1b2129;--soft:#5b6572;
--line:#dfe3e8;
--wash:#f6f7f9;--good:#14663b;--good-wash:#e3f3e9;--bad:#9c2a1c;--bad-wash:#fbe8e4;
--plain:#1f4f86;
--plain-wash:#e5eef8;--muted:#5b6572;--muted-wash:#eceef1}
@media (prefers-color-scheme:dark){:root{--edge:#00000080;
--page:#0f1318;--paper:#171c23;--ink:#e5e9ee;
--soft:#9aa5b1;
--line:#2c343e;--wash:#1d232b;--good:#7fd6a2;--good-wash:#173526;--bad:#ff9f8e;--bad-wash:#45201b;
--plain:#93c2f7;--plain-wash:#1a3049;--muted:#a9b3be;--muted-wash:#29313a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);-webkit-text-size-adjust:100%;
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",
sans-serif}
main{max-width:60rem;margin:2.5rem auto;padding:2.25rem 2.5rem 1.75rem;background:var(--paper);
border:1px solid var(--line);border-radius:10px;border-top:5px solid var(--tone)}
main.good{--tone:var(--good);--tone-wash:var(--good-wash)}
main.bad{--tone:var(--bad);--tone-wash:var(--bad-wash)}
main.plain{--tone:var(--plain);--tone-wash:var(--plain-wash)}
main.muted{--tone:var(--muted);--tone-wash:var(--muted-wash)}
.top{display:flex;justify-content:space-between;align-items:center;gap:1rem;margin:0 0 .9rem;
color:var(--soft);font-size:.875rem;letter-spacing:.01em}
.verdict{display:inline-flex;align-items:center;gap:.45em;padding:.2em .8em;border-radius:99px;
background:var(--tone-wash);color:var(--tone);font-weight:650;font-size:.9375rem;letter-spacing:0}
.top .verdict{flex:none}
h1{font-size:1.75rem;line-height:1.28;font-weight:680;letter-spacing:-.015em;margin:0 0 .8rem;
text-wrap:balance;overflow-wrap:anywhere}
h1 a,.lead a,.chip a,td a{color:inherit;text-decoration-style:dotted;
text-decoration-color:var(--soft)}
h1 code{font-size:.92em;background:none;padding:0;color:inherit}
h2{font-size:1rem;margin:1.5rem 0 .5rem;overflow-wrap:anywhere}
p{margin:.7rem 0;overflow-wrap:anywhere}
.lead{font-size:1.0313rem;margin:0 0 1.5rem;text-wrap:pretty}
.lead strong{font-weight:600}
.note,.footer{color:var(--soft);font-size:.875rem}
.footer{margin:1.1rem 0 1.5rem}
code,pre{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",
monospace}
code{font-size:.875em;background:var(--wash);padding:.1em .3em;border-radius:4px;
overflow-wrap:anywhere}
pre{font-size:.8125rem;line-height:1.6;background:var(--wash);border:1px solid var(--line);
border-radius:6px;padding:.8rem 1rem;margin:.8rem 0;overflow-x:auto}
pre mark{background:var(--plain-wash);color:var(--plain);border-radius:3px;font-weight:600}
.scroll{overflow-x:auto;margin:.9rem 0;background:
linear-gradient(90deg,var(--paper) 30%,transparent) local left/2.2rem 100% no-repeat,
linear-gradient(270deg,var(--paper) 30%,transparent) local right/2.2rem 100% no-repeat,
linear-gradient(90deg,var(--edge),transparent) scroll left/.9rem 100% no-repeat,
linear-gradient(270deg,var(--edge),transparent) scroll right/.9rem 100% no-repeat}
table{border-collapse:collapse;width:100%;font-size:.9063rem;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.8125rem;white-space:nowrap}
th,td{padding:.6rem .9rem .6rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child,th:last-child{padding-right:0}
tr:last-child td{border-bottom-color:transparent}
td{overflow-wrap:anywhere;min-width:4.2rem}
.folded table{font-size:.8438rem}
.folded td{overflow-wrap:break-word}
.folded td:first-child{min-width:7rem}
.folded td code,.folded th{font-size:.8125rem}
td .short{white-space:nowrap}
main>.scroll td:nth-child(5){min-width:6.8rem}
.number{text-align:right;overflow-wrap:normal}
td.number{white-space:nowrap}
.chip{display:inline-block;padding:.1em .6em;border-radius:5px;font-weight:600;font-size:.875rem;
line-height:1.5}
.chip.good{background:var(--good-wash);color:var(--good)}
.chip.bad{background:var(--bad-wash);color:var(--bad)}
.chip.plain{background:var(--plain-wash);color:var(--plain)}
.chip.muted{background:var(--muted-wash);color:var(--muted)}
.meter{display:inline-block;width:4.5rem;height:.45rem;margin-right:.55rem;border-radius:9px;
background:var(--line);overflow:hidden;vertical-align:.06em}
.meter i{display:block;height:100%;background:var(--soft);border-radius:9px}
.next{margin:1.4rem 0 0;padding:.85rem 1.15rem;background:var(--wash);border-radius:8px;
border-left:3px solid var(--tone)}
.next ul{margin:.3rem 0 0;padding:0;list-style:none}
.next li{margin:.25rem 0;overflow-wrap:anywhere}
.next li code{background:var(--paper);border:1px solid var(--line)}
details{border-top:1px solid var(--line)}
details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.75rem 0;font-weight:600;font-size:.9375rem;overflow-wrap:anywhere}
summary:hover{color:var(--plain)}
summary:focus-visible,a:focus-visible{outline:2px solid var(--plain);outline-offset:3px;
border-radius:3px}
.folded{padding:0 0 1.1rem 1.15rem;font-size:.9375rem}
.folded>:first-child{margin-top:0}
.folded li{margin:.35rem 0}
.figure svg{display:block;max-width:none}
.inner,.inner:last-of-type{border:0}
.inner summary{padding:.3rem 0;font-weight:500;font-size:.875rem;color:var(--soft)}
.opened{padding-left:1.1rem}.opened td:first-child{white-space:nowrap}
.inner td,.inner th{padding:.25rem .7rem .25rem 0}
.folded ul{padding-left:1.1rem}
.index th{white-space:normal;vertical-align:bottom}
.index td:nth-child(3){min-width:12rem}
.index .chip{margin-top:.2rem}
a{color:var(--plain);text-decoration-thickness:1px;text-underline-offset:3px}
.wide::after{content:"wider than the screen: swipe sideways";display:none;position:sticky;left:0;
width:max-content;color:var(--soft);font-size:.8125rem;padding-top:.35rem}
@media (max-width:44rem){.wide::after{display:block}body{font-size:15px}
main{margin:0;border-width:5px 0 0;border-radius:0;padding:1.25rem 1.1rem 2rem;min-height:100vh}
.top .verdict{flex:none}
h1{font-size:1.375rem}.top{align-items:flex-start}.number,th,td{padding-right:.75rem}
.folded{padding-left:0}
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack table,.stack tbody,.stack tr,.stack td{display:block}
.stack tr{padding:.7rem 0;border-bottom:1px solid var(--line)}
.stack td{display:grid;grid-template-columns:6.75rem 1fr;gap:.6rem;padding:.16rem 0;border:0;
text-align:left;white-space:normal}
.stack td .short{white-space:normal}
.stack td::before{content:attr(data-label);color:var(--soft);font-size:.8125rem;line-height:1.8}}
@media print{body{background:#fff}main{border:0;margin:0;max-width:none}}
"""
