/* Figures: drawn with the page's colours, their numbers listed on demand, saved as CSV, PNG and SVG. */
(() => {
  const ROWS = 200;
  const themes = JSON.parse(document.getElementById("chart-themes").textContent);
  const embed = (place, spec, config) => vegaEmbed(place, spec, {
    renderer: "svg", mode: "vega-lite", actions: false, defaultStyle: false, config, tooltip: { disableDefaultStyle: true }, logLevel: vega.Error,
  });

  function records(source) {
    const length = source.values.length ? source.values[0].length : 0;
    return Array.from({ length }, (_, row) =>
      Object.fromEntries(source.names.map((name, column) => [name, source.values[column][row]])));
  }

  function list(figure, source) {
    const place = figure.querySelector(".behind .scroll");
    if (place.firstChild) return;
    const table = document.createElement("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    const numeric = source.values.map((values) => values.some((value) => typeof value === "number"));
    source.labels.forEach((label, column) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = label;
      if (numeric[column]) cell.className = "num";
      head.append(cell);
    });
    const length = source.values.length ? source.values[0].length : 0;
    for (let row = 0; row < Math.min(ROWS, length); row += 1) {
      const line = body.insertRow();
      source.values.forEach((values, column) => {
        const cell = line.insertCell(), value = values[row];
        if (numeric[column]) cell.className = "num";
        cell.textContent = value === null ? "–" : typeof value === "number" && !Number.isInteger(value)
          ? value.toLocaleString("en", { maximumSignificantDigits: 4 }) : value;
      });
    }
    place.append(table);
    figure.querySelector(".behind .shown").textContent =
      length > ROWS ? `the first ${ROWS} of ${length.toLocaleString("en")} rows; the CSV holds all` : `${length.toLocaleString("en")} rows`;
  }

  async function image(figure, source, kind) {
    let text = JSON.stringify(source.spec);
    for (const [name, colour] of Object.entries(themes.light)) text = text.replaceAll('"' + name + '"', '"' + colour + '"');
    const spec = JSON.parse(text), width = figure.classList.contains("wide") ? 1100 : 640;
    const title = figure.querySelector("h3").textContent.match(/.{1,80}(\s|$)/g).map((line) => line.trim());
    Object.assign(spec, { width, title: { text: title }, data: { values: records(source) } });
    const place = document.createElement("div");
    place.style.cssText = "position:absolute;left:-9999px";
    document.body.append(place);
    const drawn = await embed(place, spec, themes.export);
    const name = figure.id + "." + kind;
    if (kind === "png") saveFile(name, "image/png", await drawn.view.toImageURL("png", 2));
    else saveFile(name, "image/svg+xml", await drawn.view.toSVG());
    drawn.finalize();
    place.remove();
  }

  const drawings = [...document.querySelectorAll(".figure")].map((figure) => {
    const source = JSON.parse(figure.querySelector(".chart-source").textContent);
    figure.querySelector(".behind").addEventListener("toggle", () => list(figure, source));
    figure.querySelector(".exports").addEventListener("click", (event) => {
      const kind = event.target.dataset.save;
      if (kind === "csv") {
        const rows = records(source).map((record) => csvLine(source.names.map((name) => record[name])));
        saveFile(figure.id + ".csv", "text/csv", csvLine(source.names) + rows.join(""));
      } else if (kind) image(figure, source, kind);
    });
    return embed(figure.querySelector(".chart"), { ...source.spec, data: { values: records(source) } }, themes.page);
  });
  window.figuresDrawn = Promise.all(drawings).then(() => true);
})();
