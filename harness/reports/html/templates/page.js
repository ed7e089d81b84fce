"use strict";
// The walk: both versions side by side, one step at a time. Everything that a stranger wrote goes in as text.
(function () {
  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function cellOf(data, number, changed) {
    const cell = data.cells[number];
    const made = element("td", "cell" + (cell.folio ? " f" + cell.folio : "") + (cell.cont ? " cont" : ""));
    if (changed) made.classList.add("changed");
    made.append(element("span", "head", cell.head));
    for (const bit of cell.bits) made.append(" ", element("span", "bit", bit));
    return made;
  }

  function panel(data, walk, at) {
    const last = walk.steps.length - 1;
    const step = walk.steps[Math.min(at, last)];
    const before = at > 0 ? walk.steps[Math.min(at, last + 1) - 1] : undefined;
    const made = element("div", "panel");
    made.append(element("h5", "", walk.name));
    const call = element("p", step.others ? "call others" : "call");
    call.append(element("code", "", at > last ? "done" : step.text));
    made.append(call);
    for (const note of at > last ? [] : step.notes) made.append(element("p", "note", note));
    const table = element("table", "tables");
    const body = element("tbody");
    data.rows.forEach(function (label, i) {
      const row = element("tr");
      const head = element("th", "", label);
      head.scope = "row";
      const changed = at <= last && (before ? before.state[i] !== step.state[i] : false);
      row.append(head, cellOf(data, step.state[i], changed));
      body.append(row);
    });
    table.append(body);
    made.append(table);
    if (step.tlb.length) {
      made.append(element("h6", "", "In other CPUs' TLBs"));
      const list = element("ul", "tlb");
      for (const entry of step.tlb) list.append(element("li", "", entry));
      made.append(list);
    }
    return made;
  }

  for (const box of document.querySelectorAll("[data-walk]")) {
    const data = JSON.parse(document.getElementById(box.dataset.walk).textContent);
    const most = Math.max(...data.walks.map((walk) => walk.steps.length)) - 1;
    const bar = element("div", "controls");
    const slider = element("input");
    const said = element("output", "", "");
    const panels = element("div", "columns");
    Object.assign(slider, { type: "range", min: 0, max: most, value: 0 });
    slider.setAttribute("aria-label", "Step");
    said.setAttribute("aria-live", "polite");
    function go(to) {
      const at = Math.max(0, Math.min(most, to));
      slider.value = at;
      said.textContent = "step " + (at + 1) + " of " + (most + 1);
      panels.replaceChildren(...data.walks.map((walk) => panel(data, walk, at)));
    }
    function button(text, move) {
      const made = element("button", "", text);
      made.type = "button";
      made.addEventListener("click", () => go(move(Number(slider.value))));
      return made;
    }
    bar.append(
      button("First", () => 0), button("Previous", (at) => at - 1), button("Next", (at) => at + 1),
      button("Last", () => most), slider, said
    );
    slider.addEventListener("input", () => go(Number(slider.value)));
    box.addEventListener("keydown", function (event) {
      if (event.target === slider) return;
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (move) { go(Number(slider.value) + move); event.preventDefault(); }
    });
    box.append(bar, panels);
    box.hidden = false;
    go(0);
  }
})();
