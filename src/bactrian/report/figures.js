/* Figures: drawn with the page's colours, their numbers listed on demand, saved as CSV, PNG and SVG. */
(() => {
  const ROWS = 200, ERRORS_ONLY = 1;
  const themes = JSON.parse(document.getElementById("chart-themes").textContent);
  const embed = (place, spec, config) => vegaEmbed(place, spec, {
    renderer: "svg", mode: "vega-lite", actions: false, defaultStyle: false, config, tooltip: { disableDefaultStyle: true }, logLevel: ERRORS_ONLY,
  });

  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "12px " + getComputedStyle(document.body).fontFamily;

  const wide = (text) => pen.measureText(text).width;

  /* Room that the row labels take from the chart. */
  function labelRoom(spec, source) {
    for (const layer of spec.layer || [spec]) {
      const rows = layer.encoding.y;
      const column = rows && rows.type === "nominal" ? source.names.indexOf(rows.field) : -1;
      if (column >= 0) return Math.min(rows.axis?.labelLimit || 220, Math.max(...source.values[column].map(wide))) + 12;
    }
    return 60;
  }

  /* Legends break into as many columns, and titles below the chart into as many lines, as its width asks for. */
  function fit(part, room) {
    if (part === null || typeof part !== "object") return part;
    for (const child of Object.values(part)) fit(child, room);
    if (part.x && part.x.axis && typeof part.x.axis.title === "string" && wide(part.x.axis.title) > room) {
      const words = part.x.axis.title.split(" ");
      part.x.axis.title = words.reduce((lines, word) => {
        const line = lines.length ? lines[lines.length - 1] + " " + word : word;
        return lines.length && wide(line) <= room ? [...lines.slice(0, -1), line] : [...lines, word];
      }, []);
    }
    const names = part.legend && part.scale && Array.isArray(part.scale.domain) ? part.scale.domain : [];
    if (part.type !== "nominal" || !names.length) return part;
    const widths = names.map((name) => wide(name) + 36);
    let columns = names.length;
    const taken = () => Array.from({ length: columns }, (_, column) =>
      Math.max(...widths.filter((_, place) => place % columns === column))).reduce((sum, one) => sum + one, 0);
    while (columns > 1 && taken() > room) columns -= 1;
    part.legend.columns = columns;
    return part;
  }

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
    const title = figure.querySelector("h3").textContent.match(width > 700 ? /.{1,110}(\s|$)/g : /.{1,64}(\s|$)/g).map((line) => line.trim());
    fit(spec, width - labelRoom(spec, source));
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
    const place = figure.querySelector(".chart").appendChild(document.createElement("div"));
    const spec = fit(structuredClone(source.spec), place.clientWidth - labelRoom(source.spec, source));
    return embed(place, { ...spec, data: { values: records(source) } }, themes.page);
  });
  window.figuresDrawn = Promise.all(drawings).then(() => true);
})();
