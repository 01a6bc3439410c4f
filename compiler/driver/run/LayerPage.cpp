#include "compiler/driver/run/LayerPage.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <algorithm>

namespace mcuform {

namespace {

/// The longest bar; what is better is cut.
constexpr double longestDb = 60;
/// Layers that are marked: a tenth of them, the ones with the least signal to noise.
constexpr size_t markedShare = 10;

constexpr const char *head = R"html(<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<style>
:root { --paper: #fff; --ink: #1d2733; --faint: #5d6b7a; --line: #d5dce4; --bar: #7fa8dc; --worst: #d2624a; }
@media (prefers-color-scheme: dark) { :root { --paper: #14191f; --ink: #e4e9ef; --faint: #9aa8b7; --line: #35404c; --bar: #3d72b5; --worst: #b8503b; } }
body { margin: 0 auto; max-width: 1216px; padding: 28px 32px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 6px 0 12px; max-width: 90ch; } .faint { color: var(--faint); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--faint); font-weight: 600; } th, td { padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.n { text-align: right; } .bars { width: 30%; min-width: 160px; } .bar { display: block; height: 12px; background: var(--bar); border-radius: 2px; }
.worst { background: var(--worst); }
</style>
)html";

std::string escaped(llvm::StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '&'                               ? "&amp;"
              : c == '<'                             ? "&lt;"
              : c == '>'                             ? "&gt;"
              : c == '"'                             ? "&quot;"
              : static_cast<unsigned char>(c) < 0x20 ? "_"
                                                     : std::string(1, c);
  return result;
}

std::string number(const char *format, std::optional<double> value) {
  if (!value)
    return "-";
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, *value);
  return text;
}

/// Below or at it, a layer is marked.
double limitOfWorst(llvm::ArrayRef<LayerError> errors) {
  std::vector<double> values;
  for (const LayerError &error : errors)
    if (error.sqnrDb())
      values.push_back(*error.sqnrDb());
  if (values.empty())
    return 0;
  llvm::sort(values);
  return values[(values.size() - 1) / markedShare];
}

} // namespace

std::string layersPage(const LayerComparison &comparison, const PackageReport &report, llvm::StringRef target) {
  const std::string title = escaped(report.modelName) + " on " + escaped(target) + ": layer by layer";
  std::string page = head + ("<title>" + title + "</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n");
  page +=
      "<p class=\"faint\">Integers against the float network over " + std::to_string(comparison.imageCount) +
      (comparison.imageCount == 1 ? " input" : " inputs") +
      "; errors of earlier layers are part of those of later ones. Marked: the tenth of all layers with the least signal to noise.</p>\n";
  if (!comparison.otherTarget.empty()) {
    page += "<p>";
    if (const std::optional<LayerDifference> &at = comparison.difference)
      page += escaped(target) + " and " + escaped(comparison.otherTarget) + " differ first in layer <b>" +
              escaped(report.layers[at->layer].name) + "</b>, image " + std::to_string(at->image) + ", row " + std::to_string(at->row) +
              ", column " + std::to_string(at->column) + ": " + std::to_string(at->here) + " and " + std::to_string(at->there) + ".";
    else
      page += escaped(target) + " and " + escaped(comparison.otherTarget) + " compute the same in all of these layers.";
    page += "</p>\n";
  }
  page += "<div class=\"scroll\"><table>\n<tr><th>layer</th><th>kind</th><th class=\"n\">rows</th><th class=\"n\">SQNR, dB</th><th "
          "class=\"bars\"></th>"
          "<th class=\"n\">cosine</th></tr>\n";
  const double limit = limitOfWorst(comparison.errors);
  for (auto [meaning, error] : llvm::zip_equal(comparison.meanings, comparison.errors)) {
    const PackageLayer &layer = report.layers[meaning.layer];
    const std::optional<double> sqnr = error.sqnrDb();
    const double width = sqnr ? 100 * std::clamp(*sqnr / longestDb, 0.0, 1.0) : 0;
    page += "<tr><td>" + escaped(layer.name) + "</td><td>" + escaped(layer.kind) + "</td><td class=\"n\">" +
            std::to_string(error.count / static_cast<uint64_t>(meaning.columns) / comparison.imageCount) + "</td><td class=\"n\">" +
            number("%.1f", sqnr) + "</td><td class=\"bars\"><span class=\"bar" + (sqnr && *sqnr <= limit ? " worst" : "") +
            "\" style=\"width: " + number("%.1f", width) + "%\"></span></td><td class=\"n\">" + number("%.5f", error.cosine()) +
            "</td></tr>\n";
  }
  return page + "</table></div>\n</body>\n</html>\n";
}

} // namespace mcuform
