// An editor in the place of each <textarea data-editor="yaml">, which keeps the form's value and works without a script.
//
// data-check="URL": the text is posted there as `text` when it changes; the answer is JSON,
//   {"problems": [{"line": 3, "column": 5, "severity": "error" | "warning", "text": "…"}]}, shown at their lines.
// data-words="id": a <script type="application/json"> element whose JSON is a list of words to complete, each a text
//   or {"label": "…", "detail": "…"}.
import { autocompletion, completeFromList, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, foldGutter, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "cf-key" },
  { tag: [tags.string, tags.special(tags.string), tags.content], class: "cf-text" },
  { tag: tags.comment, class: "cf-comment" },
  { tag: [tags.number, tags.bool, tags.keyword], class: "cf-value" },
]);

function token() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

function words(area) {
  const element = document.getElementById(area.dataset.words || "");
  if (!element) return [];
  const found = JSON.parse(element.textContent).map((each) => (typeof each === "string" ? { label: each } : each));
  return [autocompletion({ override: [completeFromList(found)] })];
}

function problems(area) {
  if (!area.dataset.check) return [];
  const look = async (view) => {
    const body = new URLSearchParams({ text: view.state.doc.toString(), csrf_token: token() });
    const answer = await fetch(area.dataset.check, { method: "POST", body, headers: { "X-CSRFToken": token() } });
    if (!answer.ok) return [];
    const found = (await answer.json()).problems;
    area.dispatchEvent(new CustomEvent("coldframe:checked", { bubbles: true, detail: found }));
    return found.map((each) => {
      const line = view.state.doc.line(Math.min(Math.max(each.line || 1, 1), view.state.doc.lines));
      const from = Math.min(line.from + Math.max((each.column || 1) - 1, 0), line.to);
      return { from, to: line.to, severity: each.severity, message: each.text };
    });
  };
  return [lintGutter(), linter(look, { delay: 600 })];
}

function edit(area) {
  const nonce = document.querySelector('meta[name="style-nonce"]');
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce.content) : [],
        lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), indentUnit.of("  "), bracketMatching(),
        highlightActiveLine(), highlightSelectionMatches(), search({ top: true }), yaml(), syntaxHighlighting(colours),
        words(area), problems(area),
        EditorState.readOnly.of(area.readOnly),
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label") || area.name }),
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap, ...completionKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          area.dispatchEvent(new Event("input", { bubbles: true }));
        }),
      ],
    }),
  });
  area.hidden = true;
  area.after(view.dom);
  area.coldframeGoTo = (number) => {
    const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
    view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    view.focus();
  };
}

document.querySelectorAll("textarea[data-editor]").forEach(edit);
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  const area = link && document.querySelector("textarea[data-editor]");
  if (area && area.coldframeGoTo) {
    event.preventDefault();
    area.coldframeGoTo(Number(link.dataset.line));
  }
});
