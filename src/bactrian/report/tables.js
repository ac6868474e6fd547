/* Tables sort, find, turn pages and save what they show; order and filter stand in the address. */
(() => {
  const PAGE = 50;
  const blocks = [...document.querySelectorAll(".table-block")].filter((block) => block.querySelector("table"));
  const states = new Map();

  const raw = (cell) => cell.dataset.v ?? cell.textContent.trim();
  const kept = (cell) => (cell.dataset.x ?? raw(cell));

  function compare(a, b, way) {
    if (a === "" || b === "") return (a === "") - (b === "");
    const x = Number(a), y = Number(b);
    const order = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
    return way * order;
  }

  function readAddress() {
    const [place, query] = location.hash.slice(1).split("?");
    const block = query === undefined ? null : document.getElementById(place);
    if (!block || !states.has(block)) return;
    const asked = new URLSearchParams(query), state = states.get(block);
    state.input.value = asked.get("find") || "";
    const [key, way] = (asked.get("sort") || "").split(":");
    const column = state.heads.findIndex((head) => head.dataset.key === key);
    if (column >= 0) sort(state, column, way === "down" ? -1 : 1);
    show(state, 0);
    block.scrollIntoView();
  }

  function writeAddress(state) {
    const asked = new URLSearchParams();
    if (state.input.value) asked.set("find", state.input.value);
    if (state.column >= 0) asked.set("sort", state.heads[state.column].dataset.key + ":" + (state.way < 0 ? "down" : "up"));
    const query = asked.toString();
    try { history.replaceState(null, "", "#" + state.block.id + (query ? "?" + query : "")); } catch { /* some viewers forbid it */ }
  }

  function sort(state, column, way) {
    state.column = column;
    state.way = way;
    state.heads.forEach((head, place) => {
      if (place === column) head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const keyed = state.rows.map((row, place) => [raw(row.cells[column]), place, row]);
    keyed.sort((a, b) => compare(a[0], b[0], way) || a[1] - b[1]);
    state.body.append(...keyed.map((entry) => entry[2]));
  }

  function show(state, page) {
    const wanted = state.input.value.trim().toLowerCase();
    const fit = [];
    for (const row of state.body.rows) {
      const fits = !wanted || row.textContent.toLowerCase().includes(wanted);
      row.classList.toggle("apart", !fits);
      if (fits) fit.push(row);
    }
    const pages = Math.max(1, Math.ceil(fit.length / PAGE));
    state.page = Math.min(Math.max(0, page), pages - 1);
    state.fit = fit;
    fit.forEach((row, place) => row.classList.toggle("off", Math.floor(place / PAGE) !== state.page));
    const first = state.page * PAGE, last = Math.min(fit.length, first + PAGE);
    state.pager.hidden = pages === 1;
    state.pager.querySelector("span").textContent = `Rows ${first + 1}–${last} of ${fit.length}`;
    state.pager.querySelector('[data-turn="-1"]').disabled = state.page === 0;
    state.pager.querySelector('[data-turn="1"]').disabled = state.page === pages - 1;
    state.count.textContent = wanted ? `${fit.length} of ${state.rows.length} rows hold “${state.input.value.trim()}”` : state.whole;
  }

  function move(state, step) {
    const here = state.fit.indexOf(document.activeElement);
    const next = here < 0 ? state.page * PAGE : Math.min(Math.max(0, here + step), state.fit.length - 1);
    if (!state.fit.length) return;
    if (Math.floor(next / PAGE) !== state.page) show(state, Math.floor(next / PAGE));
    const row = state.fit[next];
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function turn(state, step) {
    show(state, state.page + step);
    state.scroll.scrollTop = 0;
    if (state.scroll.contains(document.activeElement)) state.scroll.focus({ preventScroll: true });
  }

  function keys(state, event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, input, a")) return;
    const room = state.scroll.scrollWidth > state.scroll.clientWidth + 1;
    const act = {
      j: () => move(state, 1), ArrowDown: () => move(state, 1), k: () => move(state, -1), ArrowUp: () => move(state, -1),
      PageDown: () => turn(state, 1), PageUp: () => turn(state, -1),
      ArrowRight: room ? null : () => turn(state, 1), ArrowLeft: room ? null : () => turn(state, -1),
    }[event.key];
    if (!act || (event.key.startsWith("Page") && state.pager.hidden)) return;
    event.preventDefault();
    act();
  }

  function save(state, kind) {
    const names = state.heads.map((head) => head.dataset.key);
    const numeric = state.heads.map((head) => head.classList.contains("num"));
    const gaps = state.fit.some((row) => [...row.cells].some((cell) => cell.dataset.missing));
    const records = state.fit.map((row) => {
      const values = [...row.cells].map((cell, place) => {
        const text = kept(cell);
        return text === "" ? null : numeric[place] ? Number(text) : text;
      });
      if (gaps) {
        values.push([...row.cells].map((cell, place) => cell.dataset.missing ? names[place] + ": " + cell.dataset.missing : "")
          .filter(Boolean).join("; ") || null);
      }
      return values;
    });
    const header = gaps ? [...names, "missing_because"] : names;
    const file = state.block.querySelector("table").dataset.name + "." + kind;
    if (kind === "csv") saveFile(file, "text/csv", csvLine(header) + records.map(csvLine).join(""));
    else saveFile(file, "application/json", JSON.stringify(records.map((values) =>
      Object.fromEntries(values.map((value, place) => [header[place], value]))), null, 1));
  }

  for (const block of blocks) {
    const table = block.querySelector("table"), body = table.tBodies[0];
    const state = {
      block, body, heads: [...table.tHead.rows[0].cells], rows: [...body.rows], fit: [], page: 0, column: -1, way: 1,
      input: block.querySelector('input[type="search"]'), pager: block.querySelector(".pager"),
      scroll: block.querySelector(".scroll"), count: block.querySelector("h3 .shown"),
    };
    state.whole = state.count.textContent;
    states.set(block, state);
    state.heads.forEach((head, column) => {
      const words = head.querySelector(".sort"), button = document.createElement("button");
      button.type = "button";
      button.textContent = words.textContent;
      if (words.title) button.title = words.title;
      words.replaceWith(button);
      button.addEventListener("click", () => {
        const first = head.classList.contains("num") ? -1 : 1;
        sort(state, column, state.column === column ? -state.way : first);
        show(state, 0);
        writeAddress(state);
      });
    });
    state.input.addEventListener("input", () => { show(state, 0); writeAddress(state); });
    state.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { state.input.value = ""; show(state, 0); writeAddress(state); }
    });
    state.scroll.addEventListener("keydown", (event) => keys(state, event));
    state.pager.addEventListener("click", (event) => {
      const step = Number(event.target.dataset.turn);
      if (step) turn(state, step);
    });
    block.querySelector(".exports").addEventListener("click", (event) => {
      if (event.target.dataset.save) save(state, event.target.dataset.save);
    });
    show(state, 0);
  }
  readAddress();
  addEventListener("hashchange", readAddress);

  /* “/” goes to the finding field of the table in view. */
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea")) return;
    const near = blocks.find((block) => !block.querySelector(".find").hidden && block.getBoundingClientRect().bottom > 120);
    if (!near) return;
    event.preventDefault();
    states.get(near).input.focus();
  });
})();
