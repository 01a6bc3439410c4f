// The page around the report's tables and pictures: style, headings, explanations. HtmlReportEmitter.cpp fills in what stands between '@'.
//
// Well-formed XML, so that tests and tools can read it; no script and nothing from elsewhere.
#ifndef MCUFORM_COMPILER_EMISSION_HTMLREPORTTEMPLATE_H
#define MCUFORM_COMPILER_EMISSION_HTMLREPORTTEMPLATE_H

namespace mcuform::emission {

// clang-format off
inline constexpr const char *kHtmlReport = R"html(<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>@name@: memory and work</title>
<style>
:root { --paper: #fff; --ink: #1d2733; --faint: #5d6b7a; --line: #d5dce4; --band: #f3f5f8; --accent: #b3261e;
  --image: #f2b661; --tokens: #7fa8dc; --kv: #86c29a; --scratch: #c3a5dd; --edge: #33445a; --bar: #7fa8dc; --bar2: #86c29a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14191f; --ink: #e4e9ef; --faint: #9aa8b7; --line: #35404c; --band: #1c232b; --accent: #ff8a80;
    --image: #a86f1c; --tokens: #34639f; --kv: #33754b; --scratch: #70508f; --edge: #b9c6d6; --bar: #3d72b5; --bar2: #3b8556; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1216px; padding: 28px 32px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 40px 0 6px; padding-top: 10px; border-top: 1px solid var(--line); }
p { margin: 6px 0 12px; max-width: 90ch; }
.faint { color: var(--faint); }
nav { margin: 10px 0 0; } nav a { margin-right: 18px; }
a { color: inherit; } a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tile { background: var(--band); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 22px; line-height: 1.3; font-weight: 600; }
.tile span { color: var(--faint); font-size: 13px; }
.legend span { display: inline-block; margin: 0 18px 4px 0; font-size: 13px; }
.legend i { display: inline-block; width: 14px; height: 12px; margin-right: 6px; border: 1px solid var(--edge); vertical-align: -1px; }
.k-image { fill: var(--image); background: var(--image); } .k-tokens { fill: var(--tokens); background: var(--tokens); }
.k-kv { fill: var(--kv); background: var(--kv); } .k-scratch { fill: var(--scratch); background: var(--scratch); }
figure { margin: 12px 0; } figcaption { color: var(--faint); font-size: 13px; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg text { fill: var(--ink); font-size: 11px; } svg text.axis { fill: var(--faint); }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .band { fill: var(--band); }
svg g.b rect { stroke: var(--edge); stroke-width: .6; } svg g.b:hover rect { stroke-width: 2.5; }
svg .k-image { fill-opacity: .75; } svg g.b text { pointer-events: none; }
svg .live { fill: none; stroke: var(--ink); stroke-width: 1.3; } svg .arena { stroke: var(--accent); stroke-width: 1.5; stroke-dasharray: 6 4; }
svg .peak { fill: var(--accent); opacity: .13; } svg text.mark { fill: var(--accent); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; } td.n, th.n { text-align: right; white-space: nowrap; }
td.name { overflow-wrap: anywhere; } tr.sum td { font-weight: 600; }
td.bars { width: 17%; padding-right: 0; }
.bar { display: block; height: 8px; margin-top: 6px; border-radius: 1px; } .bar.m { background: var(--bar); } .bar.w { background: var(--bar2); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 0 40px; }
.facts h3 { font-size: 15px; margin: 14px 0 4px; }
.stack { display: flex; height: 26px; margin: 10px 0; border: 1px solid var(--edge); overflow: hidden; }
.stack span { display: block; height: 100%; border-right: 1px solid var(--paper); }
summary { cursor: pointer; margin: 12px 0; }
.scroll { overflow-x: auto; } .accent { color: var(--accent); }
@media print {
  body { max-width: none; padding: 0; font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  nav { display: none; } figure, .tile, tr { break-inside: avoid; } h2 { break-after: avoid; }
}
</style>
</head>
<body>
<header>
<h1>@name@</h1>
<p class="faint">@about@</p>
<div class="tiles">@tiles@</div>
<nav><a href="#arena">Arena</a><a href="#peak">Peak</a><a href="#flash">Flash</a><a href="#layers">Layers</a><a href="#facts">Facts</a></nav>
</header>

<h2 id="arena">The arena over time</h2>
<p>From left to right the kernel calls of one inference, in the order of the program; upwards the bytes of the arena. A rectangle is a buffer from its
first to its last use. Calls inside of a loop over tokens are one call here, though they run once for each block of tokens. Rest the pointer on a buffer
for its name.</p>
<p class="legend"><span><i class="k-image"></i>input image</span><span><i class="k-tokens"></i>tokens, kept between stages</span><span><i
class="k-kv"></i>keys and values</span><span><i class="k-scratch"></i>scratch of one stage</span><span><b>&#x2501;</b> bytes alive</span><span
class="accent"><b>&#x2505;</b> arena</span></p>
@regions@<figure>@map@<figcaption>@mapCaption@</figcaption></figure>
@zoom@

<h2 id="peak">Alive at the peak</h2>
<p>@peakText@</p>
<div class="scroll" tabindex="0"><table>
<tr><th>buffer</th><th>kind</th><th>elements</th><th class="n">bytes</th><th class="n">at</th><th class="n">calls</th><th>share of the arena</th></tr>
@peakRows@</table></div>
<details><summary>All @bufferCount@ buffers</summary>
<div class="scroll" tabindex="0"><table>
<tr><th>buffer</th><th>kind</th><th>elements</th><th class="n">bytes</th><th class="n">at</th><th class="n">calls</th><th>share of the arena</th></tr>
@bufferRows@</table></div></details>

<h2 id="flash">Flash</h2>
<p>What the weight pack holds. @trafficText@ Code and the runtime's tables come on top: mcuform-run measures them in the linked program.</p>
<div class="stack" role="img" aria-label="the pack by section">@flashBar@</div>
<table><tr><th>section</th><th class="n">bytes</th><th class="n">share</th></tr>
@flashRows@</table>
<p></p>
<table><tr><th>layers by kind</th><th class="n">number</th><th class="n">multiplications</th><th class="n">share</th><th class="n">weight bytes</th><th
class="n">share</th></tr>
@kindRows@</table>

<h2 id="layers">Work and weights by layer</h2>
<p>Multiplications of one inference, bytes of constants and how many one inference reads, layer by layer as the network runs them. Constants that
layers share are counted with each.</p>
<div class="scroll" tabindex="0"><table>
<tr><th>layer</th><th>kind</th><th class="n">multiplications</th><th></th><th class="n">weight bytes</th><th></th><th class="n">read
per inference</th><th>weights</th></tr>
@layerRows@</table></div>

<h2 id="facts">Facts</h2>
<div class="facts">@facts@</div>
</body>
</html>
)html";
// clang-format on

} // namespace mcuform::emission

#endif // MCUFORM_COMPILER_EMISSION_HTMLREPORTTEMPLATE_H
